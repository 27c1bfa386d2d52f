# SPDX-License-Identifier: Apache-2.0
"""A command imports what it needs; shells complete its words and options as before."""

import subprocess
import sys

import pytest
from typer.main import get_command

from swarm_supervisor.cli.app import COMMANDS, app

ASK = """
import sys
sys.argv = ['swarm', 'status', '--help']
from swarm_supervisor.cli import main
try:
    main()
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""
NOT_FOR_STATUS = {'scipy', 'shapely', 'mujoco', 'swarm_supervisor.redteam', 'swarm_vault.replay'}


@pytest.mark.slow
def test_status_loads_neither_demo_nor_benches_nor_the_map_tools():
    ran = subprocess.run([sys.executable, '-c', ASK], capture_output=True, text=True, check=True)
    assert 'Usage: swarm status' in ran.stdout
    assert not NOT_FOR_STATUS & set(ran.stderr.split())


@pytest.mark.parametrize('name', COMMANDS)
def test_each_command_is_there_under_its_name(name):
    assert get_command(app).get_command(None, name).name == name


def test_a_command_that_does_not_exist_is_none():
    assert get_command(app).get_command(None, 'dance') is None


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        ('swarm mission su', 'submit'),
        ('swarm status --fl', '--fleet'),
        ('swarm bench re', 'redteam'),
    ],
)
def test_a_shell_completes_the_words_of_a_command(monkeypatch, capsys, words, expected):
    monkeypatch.setenv('_SWARM_COMPLETE', 'complete_bash')
    monkeypatch.setenv('COMP_WORDS', words)
    monkeypatch.setenv('COMP_CWORD', '2')
    with pytest.raises(SystemExit):
        app(prog_name='swarm')
    assert expected in capsys.readouterr().out
