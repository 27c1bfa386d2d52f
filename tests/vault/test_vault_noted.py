# SPDX-License-Identifier: Apache-2.0
"""A head that a person noted: what is cut, rolled back or rewritten up to it shows."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from vault_forgery import Place, forge, witnessed_place
from vault_world import log_lines, put_lines

from swarm_vault import cli
from swarm_vault.errors import VaultError
from swarm_vault.noted import heads_to_note, parse_noted
from swarm_vault.verify import verify_vault

LOG = 'amr_1/reflex'


@pytest.fixture(scope='module')
def original(tmp_path_factory) -> Place:
    return witnessed_place(tmp_path_factory.mktemp('noted'))


@pytest.fixture
def place(original: Place, tmp_path: Path) -> Place:
    return original.copied(tmp_path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def noted(place: Place) -> str:
    (head,) = run('heads', place.robots).stdout.split()
    return head


def test_a_noted_head_confirms_the_whole_log(place: Place):
    (log, *_) = verify_vault(place.robots, noted=[parse_noted(noted(place))]).witnesses.logs
    assert (log.writer, log.bare, log.witnesses) == (LOG, 0, ('amr_2', 'who noted its head'))


def roll_back(place: Place) -> None:
    place.log.write_bytes(place.old)
    place.checkpoints.write_bytes(place.old_checkpoints)
    place.bag(1).unlink()


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (roll_back, 'who noted its head saw 12 lines, 6 are here'),
        (
            lambda p: forge(p, lambda e: e[8]['data'].update(number=5)),
            'seq 11 is not the one that',
        ),
        (
            lambda p: shutil.rmtree(p.robots / 'agents/amr_1'),
            f'{LOG}: is gone, who noted its head',
        ),
    ],
    ids=['rolled back', 'edited behind the witnessed head and signed again', 'removed'],
)
def test_what_nobody_else_saw_is_contradicted_by_a_noted_head(place: Place, change, reason: str):
    head = noted(place)
    change(place)
    result = run('verify', place.robots, '--no-replay', '--head', head)
    assert result.exit_code == 1
    assert reason in result.stdout.replace('\n', '')
    assert 'witnesses: contradicted' in result.stdout


def test_the_same_without_the_noted_head_passes(place: Place):
    roll_back(place)
    assert verify_vault(place.robots).exit_code == 0


def test_a_noted_head_of_which_a_copy_says_nothing_is_a_stated_loss(place: Place):
    verdict = verify_vault(place.base, noted=[parse_noted(noted(place))])
    assert verdict.exit_code == 3
    assert 'the head that was noted at 12 lines says nothing of it' in verdict.losses[0]


def test_copies_and_unsigned_logs_have_no_heads_to_note(place: Place):
    assert list(heads_to_note(place.base)) == []
    put_lines(place.checkpoints, log_lines(place.checkpoints)[:0])
    assert list(heads_to_note(place.robots)) == []


@pytest.mark.parametrize(
    'text',
    ['', 'amr_1/reflex', f'{LOG}:0:{"a" * 64}', f'{LOG}:5:{"a" * 63}', f'/reflex:5:{"a" * 64}'],
)
def test_what_is_no_noted_head_is_refused_in_words(text: str):
    with pytest.raises(VaultError, match='is no noted head; expected AGENT/WRITER:LINES:ROOT'):
        parse_noted(text)
