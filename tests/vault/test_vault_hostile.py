# SPDX-License-Identifier: Apache-2.0
"""Whatever lies in a vault, every command ends in a verdict or a sentence, and none says clean."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner
from vault_forgery import Place, forge, rewrite, witnessed_place
from vault_world import CORES, log_lines, put_lines, record

from swarm_vault import cli, cli_time, listing
from swarm_vault.audit import audit_vaults
from swarm_vault.cards import IdentityCard, read_card
from swarm_vault.errors import VaultError
from swarm_vault.events import clock_text
from swarm_vault.fork import fork_vault
from swarm_vault.memory import NoteState, read_memory_note
from swarm_vault.replay import replay_bag, replay_vault
from swarm_vault.soul import Temperament, soul_of
from swarm_vault.verify import NOT_TRUSTWORTHY, verify_vault
from swarm_vault.yaml_block import CardState


@pytest.fixture(scope='module')
def original(tmp_path_factory) -> Place:
    return witnessed_place(tmp_path_factory.mktemp('hostile'))


@pytest.fixture
def place(original: Place, tmp_path: Path, monkeypatch) -> Place:
    for name, real in (('replay_vault', replay_vault), ('audit_vaults', audit_vaults)):
        monkeypatch.setattr(cli, name, lambda *a, real=real, **k: real(*a, cores=CORES, **k))
    monkeypatch.setattr(cli_time, 'fork_vault', lambda *a, **k: fork_vault(*a, cores=CORES, **k))
    return original.copied(tmp_path)


COMMANDS = {
    'verify': (),
    'heads': (),
    'replay': (),
    'show': (),
    'show at': ('--at', '+0.5'),
    'timeline': (),
    'diff': ('BASE',),
    'query': ('--index', 'FOLDER/index.sqlite'),
    'export': ('--bag', 'FOLDER/bag'),
    'journal': ('amr_1',),
    'prove': ('amr_1/reflex/2', '--out', 'FOLDER/event.json'),
    'fork': ('--at', '+0.1', '--agent', 'amr_1', '--writer', 'reflex', '--params', 'FOLDER/p'),
}


def run(place: Place, command: str) -> tuple[int, str]:
    """Exit code and what is said, as the command line's main function ends."""
    folder = place.robots.parent
    (folder / 'p').write_text('limit: 2.0')
    words = [
        word.replace('FOLDER', str(folder)).replace('BASE', str(place.base))
        for word in COMMANDS[command]
    ]
    result = CliRunner().invoke(cli.app, [command.partition(' ')[0], str(place.robots), *words])
    if isinstance(result.exception, VaultError):
        return 2, str(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def as_link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


ODD = [as_folder, as_pipe, as_link_to_itself]
PARTS = {
    'log': lambda p: p.log,
    'checkpoints': lambda p: p.checkpoints,
    'book': lambda p: p.robots / 'agents/amr_2/witness/situation.jsonl',
    'bag': lambda p: p.bag(0),
    'key': lambda p: p.robots / 'nexus/trust/amr_1.pub',
}


@pytest.mark.parametrize('odd', ODD)
@pytest.mark.parametrize('part', PARTS)
def test_what_is_no_file_is_never_clean(place: Place, part: str, odd: Callable[[Path], None]):
    odd(PARTS[part](place))
    code, said = run(place, 'verify')
    assert code in (1, 2)
    assert 'cannot be read' in said or 'frames were sealed, but' in said


@pytest.mark.parametrize('command', sorted(COMMANDS))
@pytest.mark.parametrize('odd', ODD)
def test_a_log_that_is_no_file_ends_every_command_in_a_sentence(
    place: Place, command: str, odd: Callable[[Path], None]
):
    odd(place.log)
    code, said = run(place, command)
    assert code == 0 if command == 'heads' else code in (1, 2)
    assert '2026' in said or command == 'heads' or 'cannot be read' in said


def test_one_log_that_cannot_be_read_leaves_the_others_their_verdict(place: Place):
    record(place.robots, frames=2, events=2, agent='amr_2', writer='planner')
    as_folder(place.log)
    first, second = verify_vault(place.robots).writers
    assert (first.writer, first.ok, second.writer, second.ok) == (
        'amr_1/reflex',
        False,
        'amr_2/planner',
        True,
    )
    assert 'is no regular file' in first.reason


@pytest.mark.parametrize('forbidden', ['agents', 'witness', 'log', 'bags', 'trust'])
def test_a_folder_that_may_not_be_listed_is_not_taken_for_an_empty_one(
    place: Place, forbidden: str, monkeypatch
):
    real = os.scandir

    def scandir(folder):
        if Path(folder).name == forbidden:
            raise PermissionError(13, 'Permission denied', str(folder))
        return real(folder)

    monkeypatch.setattr(listing.os, 'scandir', scandir)
    code, said = run(place, 'verify')
    assert (code, 'Permission denied' in said) == (2, True)


@pytest.mark.parametrize('where', ['agents/amr_9', 'agents/amr_1/log/planner'])
def test_what_lies_in_the_place_of_a_folder_is_told(place: Place, where: str):
    (place.robots / where).symlink_to('/nowhere/at/all')
    verdict = verify_vault(place.robots)
    assert verdict.exit_code == NOT_TRUSTWORTHY
    assert verdict.reasons == (f'{where}: is no folder that can be entered',)


@pytest.mark.parametrize('command', sorted(COMMANDS))
@pytest.mark.parametrize(
    'fields',
    [
        {'causes': 7},
        {'time_ns': 10**22},
        {'time_ns': -(10**22)},
        {'time_ns': 1e300},
        {'type': ['x'], 'kind': {}, 'data': None},
    ],
    ids=str,
)
def test_events_of_wrong_types_and_huge_numbers_end_no_command_in_a_traceback(
    place: Place, command: str, fields: dict
):
    forge(place, lambda events: events[8].update(fields))
    code, said = run(place, command)
    assert code in (0, 1, 2)
    if command == 'verify':
        assert (code, 'that is none of an event' in said.replace('\n', ' ')) == (1, True)


def test_a_sequence_number_that_no_database_holds_is_asked_for_all_the_same(place: Place):
    lines = log_lines(place.log)
    put_lines(place.log, [line.replace(b'"seq":8,', b'"seq":%d,' % 10**30) for line in lines])
    assert run(place, 'query')[0] == 0
    assert run(place, 'verify')[0] == 1


@pytest.mark.parametrize('frame', [b'{"i":{},"o":{]]', b'"total":0.05,', b'\xff'])
def test_a_frame_that_is_no_decision_is_named(place: Place, frame: bytes):
    content = place.bag(0).read_bytes()
    start = content.index(b'{"i":{"now_ns"')
    place.bag(0).write_bytes(content[:start] + frame + content[start + len(frame) :])
    for command in COMMANDS:
        run(place, command)
    assert (run(place, 'verify')[0], run(place, 'replay')[0]) == (1, 1)


def test_outputs_that_are_no_json_diverge_in_words(place: Place):
    content = place.bag(0).read_bytes()
    start = content.index(b'{"i":{"now_ns"')
    forged = content[start:].replace(b',"o":{"', b',"o":{{', 1)
    place.bag(0).write_bytes(content[:start] + forged)
    report = replay_bag(place.bag(0), cores=CORES)
    assert 'frame 0: the frame is no decision' in report.reasons[0]


def test_a_record_names_no_code_that_is_not_in_the_table(place: Place):
    forge(place, lambda events: events[1]['data'].update(core='../os:system'))
    code, said = run(place, 'fork')
    assert (code, 'is not in the table of allowed cores' in said) == (2, True)


@pytest.mark.parametrize(
    'data',
    [
        None,
        [],
        'x',
        10**30,
        {'bag': 5},
        {'log': 5, 'why': [], 'held': {}, 'note': 7, 'proof': 'x'},
        {'begin': {'seq': -1}, 'core': {}, 'params': 7},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    'type_', ['core.start', 'core.frames', 'ledger.removed', 'ledger.archived',
              'ledger.faulted', 'checkpoint.refused']
)  # fmt: skip
def test_what_an_owner_signs_about_the_log_itself_is_judged_without_a_traceback(
    place: Place, type_: str, data: object
):
    events = [json.loads(line) for line in place.lines()]
    rewrite(place, [*events[:8], events[7] | {'type': type_, 'data': data}, *events[8:]])
    for command in ('verify', 'replay', 'show at'):
        assert run(place, command)[0] in (0, 1, 2, 3)


DEEP = '{limit: ' * 2000
ODD_WORDS = {
    'a time that no database holds': ('query', '--since', '9' * 23, '--index', 'FOLDER/i'),
    'a digit that is no number': ('prove', 'amr_1/reflex/²', '--out', 'FOLDER/e'),
    'an event far away': ('prove', f'amr_1/reflex/{"9" * 40}', '--out', 'FOLDER/e'),
    'parameters in a circle': ('fork', 'limit: &a [*a]'),
    'parameters nested deeply': ('fork', DEEP),
    'a policy nested deeply': ('retain', DEEP),
    'a recording nested deeply': ('replay', DEEP),
    'a fleet plan nested deeply': ('replay', DEEP, '--agent', 'amr_1'),
    'more days than a calendar has': ('archive', '--days', '9' * 20),
}


@pytest.mark.parametrize('name', ODD_WORDS)
def test_odd_options_and_files_end_in_a_sentence(place: Place, name: str):
    command, *words = ODD_WORDS[name]
    folder, given = place.robots.parent, [str(place.robots)]
    (folder / 'p').write_text(words[0])
    (folder / 'recording').mkdir()
    (folder / 'recording/metadata.yaml').write_text(words[0])
    if command == 'fork':
        words = ['--params', f'{folder}/p', *COMMANDS['fork'][:-2]]
    elif command == 'retain':
        words = ['--policy', f'{folder}/p']
    elif command == 'replay':
        fleet = ['--fleet', f'{folder}/p'] if '--agent' in words else []
        given, words = [], ['--bag', f'{folder}/recording', *words[1:], *fleet]
    words = [word.replace('FOLDER', str(folder)) for word in words]
    result = CliRunner().invoke(cli.app, [command, *given, *words])
    expected = SystemExit if command in ('query', 'archive') else VaultError
    assert isinstance(result.exception, expected) or (command, result.exit_code) == ('query', 0)


def test_a_time_that_no_calendar_has_is_shown_as_a_number():
    assert clock_text(10**22) == '10000000000000000000000 ns'
    assert clock_text(1_500_000_000_123_000_000) == '2017-07-14T02:40:00.123Z'


@pytest.mark.parametrize('odd', ODD)
def test_cards_and_notes_that_are_no_files_are_unreadable(tmp_path: Path, odd):
    for name in ('IDENTITY.md', 'note.md'):
        (tmp_path / name).write_text('x')
        odd(tmp_path / name)
    assert read_card(tmp_path / 'IDENTITY.md', IdentityCard).state is CardState.UNREADABLE
    assert read_memory_note(tmp_path / 'note.md').state is NoteState.UNREADABLE


def test_a_soul_that_is_a_pipe_makes_cautious(tmp_path: Path):
    path = tmp_path / 'agents/amr_1/SOUL.md'
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert soul_of(tmp_path, 'amr_1').temperament is Temperament.CAUTIOUS
    path.unlink()
    assert soul_of(tmp_path, 'amr_1').temperament is Temperament.STEADY
