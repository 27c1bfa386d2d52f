# SPDX-License-Identifier: Apache-2.0
"""The judge at the supervisor sees the way that a task needs, and who was said to be on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from supervisor_room import CONFIG, Supervisor, TalkingRobot, until, write_fleet
from swarm.v1 import operator_pb2
from typer.testing import CliRunner

from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_supervisor.cli.app import app
from swarm_supervisor.client import OperatorClient
from swarm_supervisor.people import FILE, PeopleBook

DOOR = '[[5.0, 2.0], [7.0, 2.0], [7.0, 4.5], [5.0, 4.5]]'
THROUGH, BESIDE = 'send amr_1 to east_end', 'send amr_2 to east_end'


def folder_with(tmp_path: Path, kind: str) -> Path:
    """A fleet in whose room the door is a zone of this kind."""
    path = write_fleet(tmp_path)
    codex = tmp_path / 'codex'
    codex.mkdir()
    text = (CONFIG / 'codex' / 'POLICY.md').read_text()
    zone = f'zones: [{{name: door, kind: {kind}, corners: {DOOR}}}]'
    (codex / 'POLICY.md').write_text(text.replace('zones: []', zone, 1))
    (codex / 'operators.yaml').write_text('default: safety_officer\n')
    fleet = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**fleet, 'codex': 'codex'}))
    return tmp_path


@pytest.fixture
def kind() -> str:
    return 'people'


@pytest.fixture
def supervisor(tmp_path: Path, kind: str) -> Iterator[Supervisor]:
    folder = folder_with(tmp_path, kind)
    fleet = load_fleet(folder / 'fleet.yaml')
    with Supervisor(fleet, folder / 'vault') as running:
        yield running


def submit(client: OperatorClient, text: str) -> operator_pb2.SubmitReply:
    return client.submit(text, operator='ada')


def people(supervisor: Supervisor, *words: str) -> str:
    where = ('--vault', str(supervisor.vault))
    if words[0] == 'say':
        where = (*where, '--fleet', str(supervisor.fleet.path), '--operator', 'ada')
    done = CliRunner().invoke(app, ['people', *words, *where])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_the_same_order_is_asked_about_allowed_and_blocked_by_who_is_in_the_door(
    supervisor: Supervisor, operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    assert submit(operator, BESIDE).order_ids
    asked = submit(operator, THROUGH)
    assert asked.reason.startswith('nobody has said lately who is in the zone door')
    assert people(supervisor, 'say', 'door', '0') == 'door: 0 people, says ada\n'
    assert submit(operator, THROUGH).order_ids
    until(lambda: bool(pair[0].orders), 'the order')
    assert list(pair[0].orders[0].warrant.clear_zones) == ['door']
    people(supervisor, 'say', 'door', '2')
    assert '2 people are in the zone door' in submit(operator, THROUGH).reason
    assert people(supervisor, 'list').startswith('door: 2 people, ')


@pytest.mark.usefixtures('pair')
@pytest.mark.parametrize('kind', ['forbidden'])
def test_a_way_through_a_forbidden_zone_is_blocked_though_its_goal_lies_beyond(
    operator: OperatorClient,
) -> None:
    assert 'leads into the forbidden zone door' in submit(operator, THROUGH).reason
    assert submit(operator, BESIDE).order_ids


@pytest.mark.parametrize('kind', ['shared'])
def test_a_way_through_a_shared_zone_takes_tier_3_from_the_giver(
    operator: OperatorClient, pair: list[TalkingRobot]
) -> None:
    assert submit(operator, THROUGH).order_ids
    until(lambda: bool(pair[0].orders), 'the order')
    assert pair[0].tokens[-1].tier == 3
    assert pair[0].orders[0].warrant.grants_tier == 3
    assert submit(operator, BESIDE).order_ids
    until(lambda: bool(pair[1].orders), 'the other order')
    assert pair[1].tokens[-1].tier == 2


def test_a_zone_that_is_none_and_a_file_that_is_odd_are_told(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    with pytest.raises(ConfigError, match='is no zone of people; there is door'):
        people(supervisor, 'say', 'moon', '0')
    with pytest.raises(ConfigError, match='count'):
        people(supervisor, 'say', 'door', '20000')
    assert people(supervisor, 'list') == 'nobody has said anything\n'
    (tmp_path / FILE).write_text('zones: {door: {count: many}}\n')
    book = PeopleBook(tmp_path)
    assert book.words() == ()
    assert 'count' in book.fault
