# SPDX-License-Identifier: Apache-2.0
"""What the documentation names is there, links and options, too; shells complete it."""

import re
import shlex
import sys
from functools import cache
from pathlib import Path

import pytest
import typer

from swarm_supervisor.cli.app import app, main

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / 'README.md', ROOT / 'CHANGELOG.md', *sorted((ROOT / 'docs').rglob('*.md'))]
COMMANDS = typer.main.get_command(app)
SET_UP = ('completion', 'proto', 'setup', 'test')
"""Commands of the bootstrap, which come before the command line."""
COMMAND = re.compile(r'`(?:\./)?swarm ([^`]+)`|^ {4}(?:\./)?swarm ([^#\n]+)', re.MULTILINE)
LINK = re.compile(r'\]\(([^)#\s:]+)(?:#[^)]*)?\)')


def commands_in(text):
    for found in COMMAND.finditer(text):
        words = shlex.split((found[1] or found[2]).replace('|', ' '))
        if words[0] not in SET_UP:
            yield words


def fault_of(words):
    """What is wrong with a command line; empty: nothing."""
    command, rest = COMMANDS, list(words)
    while rest and (chosen := command_of(command, rest[0])):
        command, rest = chosen, rest[1:]
    if rest and hasattr(command, 'get_command') and len(rest) == len(words):
        return f'no command {rest[0]}'
    known = {'--help'} | {
        name for one in command.params for name in (*one.opts, *one.secondary_opts)
    }
    missing = [word for word in re.findall(r'--[a-z][a-z-]*', ' '.join(rest)) if word not in known]
    if command.context_settings.get('ignore_unknown_options'):
        missing = [word for word in missing if not passed_on(word)]
    return f'no option {missing}' if missing else ''


def command_of(group, name):
    """The command of this name in a group; None where there is none, or it is no group."""
    return group.get_command(None, name) if hasattr(group, 'get_command') else None


def passed_on(option):
    """Whether a program behind the command line reads an option: named, or a typed argument."""
    return f"'{option}'" in sources() or f' {option[2:].replace("-", "_")}: ' in sources()


@cache
def sources():
    return ''.join(path.read_text() for path in ROOT.glob('swarm_*/**/*.py'))


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.stem)
def test_every_command_and_option_of_a_page_exists(page):
    faults = {shlex.join(words): fault_of(words) for words in commands_in(page.read_text())}
    assert not {line: fault for line, fault in faults.items() if fault}


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.stem)
def test_every_file_that_a_page_links_to_is_there(page):
    targets = LINK.findall(page.read_text())
    assert not [target for target in targets if not (page.parent / target).exists()]


@pytest.mark.parametrize('line', ['dance', 'up --dance', 'bench mesh --dance'])
def test_a_command_that_is_not_there_would_be_found(line):
    assert fault_of(line.split())


@pytest.mark.parametrize(
    ('words', 'wanted'),
    [
        (('up', '--no-'), {'--no-robots', '--no-sim', '--no-supervisor'}),
        (('people', ''), {'say', 'list'}),
        (('demo', '--comp'), {'--composed'}),
    ],
)
def test_bash_completes_commands_and_options_behind_the_first_word(
    monkeypatch, capsys, words, wanted
):
    """As the completion of `./swarm completion bash` asks for them."""
    monkeypatch.setattr(sys, 'argv', [str(ROOT / 'swarm_supervisor' / 'cli' / '__main__.py')])
    monkeypatch.setenv('_SWARM_COMPLETE', 'complete_bash')
    monkeypatch.setenv('COMP_WORDS', '\n'.join(['./swarm', *words]))
    monkeypatch.setenv('COMP_CWORD', str(len(words)))
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, set(capsys.readouterr().out.split())) == (0, wanted)
