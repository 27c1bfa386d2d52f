# SPDX-License-Identifier: Apache-2.0
"""A squad of the fleet plan: orders may name it, its rules bind its robots, status shows it."""

from collections.abc import Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path

import pytest
import yaml
from rich.console import Console
from supervisor_room import CONFIG, Supervisor, TalkingRobot, robot_of, until, write_fleet

from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_supervisor.cli.operator_view import robots_table
from swarm_supervisor.client import OperatorClient
from swarm_supervisor.core.amending import Amendment, amended
from swarm_supervisor.handover import heirs_of
from swarm_supervisor.strategist import PatrolTask, Plan
from swarm_vault.laws.policy_file import idle_squads, policies_of

SQUADS = {'amr_1': 'north', 'amr_2': 'south', 'tb4_1': 'north'}


def fleet_with(folder: Path, squads: dict[str, str], rules: dict[str, object]) -> Path:
    """A plan of three robots in squads, and a policy with rules for some squads."""
    path = write_fleet(folder, robots=3)
    plan = yaml.safe_load(path.read_text())
    for robot in plan['robots']:
        robot.update({'squad': squads[robot['id']]} if robot['id'] in squads else {})
    before, _, rest = (CONFIG / 'codex' / 'POLICY.md').read_text().partition('```yaml\n')
    block, _, after = rest.partition('```')
    text = yaml.safe_dump({**yaml.safe_load(block), 'squads': rules})
    (folder / 'codex').mkdir()
    (folder / 'codex' / 'POLICY.md').write_text(f'{before}```yaml\n{text}```{after}')
    operators = (CONFIG / 'codex' / 'operators.yaml').read_text()
    (folder / 'codex' / 'operators.yaml').write_text(operators)
    path.write_text(yaml.safe_dump({**plan, 'codex': 'codex'}))
    return path


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    fleet = load_fleet(fleet_with(tmp_path, SQUADS, {'south': {'blocked_skills': ['patrol']}}))
    with Supervisor(fleet, tmp_path / 'vault') as running:
        yield running


@pytest.fixture
def trio(supervisor: Supervisor) -> Iterator[dict[str, TalkingRobot]]:
    with ExitStack() as stack:
        robots = {name: stack.enter_context(robot_of(supervisor, name)) for name in SQUADS}
        until(lambda: len(supervisor.hq.roster.available()) == 3, 'the robots')
        yield robots


def given_to(trio: dict[str, TalkingRobot], mission_id: str) -> set[str]:
    return {n for n, r in trio.items() if any(o.mission_id == mission_id for o in r.orders)}


def test_an_order_to_a_squad_is_given_to_its_robots_only(
    operator: OperatorClient, trio: dict[str, TalkingRobot]
) -> None:
    for text in ('survey the whole room with squad north', 'survey west with squad north'):
        mission = operator.submit(text, operator='ada')
        assert mission.accepted, mission.reason
        until(lambda m=mission: bool(given_to(trio, m.mission_id)), 'the orders')
        assert given_to(trio, mission.mission_id) <= {'amr_1', 'tb4_1'}
    home = operator.submit('squad south return home', operator='ada')
    until(lambda: bool(given_to(trio, home.mission_id)), 'the way home')
    assert given_to(trio, home.mission_id) == {'amr_2'}


def test_the_rules_of_a_squad_bind_its_robots_and_no_others(
    operator: OperatorClient, trio: dict[str, TalkingRobot]
) -> None:
    south = operator.submit('patrol west_end, east_end with squad south', operator='ada')
    assert not south.accepted
    assert 'patrol' in south.reason
    named = operator.submit('patrol west_end, east_end with amr_2', operator='ada')
    assert not named.accepted
    north = operator.submit('patrol west_end, east_end with squad north', operator='ada')
    assert north.accepted, north.reason
    until(lambda: bool(given_to(trio, north.mission_id)), 'the round')
    assert given_to(trio, north.mission_id) <= {'amr_1', 'tb4_1'}


def test_heirs_of_an_order_to_a_squad_belong_to_it(
    supervisor: Supervisor, operator: OperatorClient, trio: dict[str, TalkingRobot]
) -> None:
    said = operator.submit('patrol west_end, east_end with squad north', operator='ada')
    until(lambda: bool(given_to(trio, said.mission_id)), 'the round')
    (mission,) = supervisor.hq.missions
    (order,) = mission.orders
    assert order.task().squad == 'north'
    (heir,) = heirs_of(supervisor.hq, mission, order)
    assert {heir.agent_id, order.agent_id} == {'amr_1', 'tb4_1'}


def test_a_squad_that_is_not_there_is_refused_with_those_that_are(
    operator: OperatorClient, trio: dict[str, TalkingRobot]
) -> None:
    said = operator.submit('survey west with squad east', operator='ada')
    assert (said.accepted, said.reason) == (
        False,
        "there is no squad 'east'; there is north, south",
    )
    assert not any(robot.orders for robot in trio.values())


def test_status_shows_the_squad(operator: OperatorClient) -> None:
    console = Console(width=200, file=StringIO())
    console.print(robots_table(operator.snapshot()))
    assert 'amr_2 south' in console.file.getvalue()


def test_rules_for_a_squad_without_robots_are_found(tmp_path: Path) -> None:
    fleet = load_fleet(fleet_with(tmp_path, {'amr_1': 'north'}, {'nroth': {'max_loops': 2}}))
    assert idle_squads(fleet) == ('nroth',)
    assert policies_of(fleet).of('amr_1').max_loops == 1000


def test_a_squad_name_that_is_no_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='squad'):
        load_fleet(fleet_with(tmp_path, {'amr_1': 'North Side'}, {}))


def test_who_approves_an_order_to_a_squad_does_not_choose_its_robot() -> None:
    plan = Plan(tasks=(PatrolTask(stops=(), loops=1, robot=None, squad='north'),), author='x')
    answer = amended(plan, [Amendment(step=1, robot='amr_2')])
    assert answer == "step 1: the order names squad 'north': its robot is not chosen here"
