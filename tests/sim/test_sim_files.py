# SPDX-License-Identifier: Apache-2.0
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from sim_rooms import MakeFleet

from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_config.maps import GridMap, load_map
from swarm_config.scenarios import DropObject, load_scenario
from swarm_sim.params import Params
from swarm_sim.script import check_scenario
from swarm_sim.starts import check_starts

CONFIG = Path(__file__).parents[2] / 'config'


def test_the_parameter_file_holds_exactly_the_parameters_with_their_defaults():
    written = yaml.safe_load((CONFIG / 'params' / 'sim.yaml').read_text())

    assert written == {'/**': {'ros__parameters': asdict(Params())}}


@pytest.mark.parametrize(
    ('name', 'value'), [('timestep_s', 0.1), ('watchdog_s', 0.0), ('period_s', 0.0125)]
)
def test_a_parameter_out_of_its_range_is_named(name: str, value: float):
    with pytest.raises(ConfigError, match=f'parameter {name}: expected .*found {value}'):
        Params(**{name: value})


@pytest.mark.parametrize(
    'path', sorted((CONFIG / 'scenarios').glob('*.yaml')), ids=lambda p: p.stem
)
def test_every_scenario_fits_the_depot(path: Path):
    fleet = load_fleet(CONFIG / 'fleets' / 'depot.yaml')

    check_scenario(load_scenario(path), fleet, load_map(fleet.map_path), path.name)


def test_the_depots_scenario_is_the_story_of_the_demo():
    scenario = load_scenario(CONFIG / 'scenarios' / 'depot.yaml')
    (drop,) = scenario.events

    assert isinstance(drop, DropObject)
    assert (drop.at_s, drop.ahead_of) == (30.0, 'any')
    assert scenario.link_down is not None
    assert (scenario.link_down.from_s, scenario.link_down.until_s) == (20.0, 40.0)
    assert scenario.meeting is not None
    assert scenario.meeting.robots == ('amr_1', 'amr_2')


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('events: [{kind: rain, at_s: 1}]', ['events.0', 'rain']),
        ('events: [{kind: drop_object, at_s: -1, size_m: [1, 1, 1], ahead_of: any}]', ['at_s']),
        ('events: [{kind: drop_object, at_s: 1, size_m: [1, 1], ahead_of: any}]', ['size_m']),
        ('events: [{kind: drop_object, at_s: 1, size_m: [1, 1, 1]}]', ['position or ahead_of']),
        ('link_down: {from_s: 20, until_s: 10}', ['link_down', 'later than from_s']),
        ('meeting: {robots: [a], places: [p, q], order_at_s: 1, depart_s: 2}', ['robots']),
        ('surprise: 1', ['surprise']),
        ('events: [', ['not YAML']),
        ('- 1', ['file', 'found [1]']),
    ],
)
def test_a_malformed_scenario_gets_one_sentence(tmp_path: Path, text: str, words: list[str]):
    path = tmp_path / 'scenario.yaml'
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_scenario(path)

    assert '\n' not in str(error.value)
    assert all(word in str(error.value) for word in [str(path), *words])


def test_a_start_in_a_wall_is_named(make_fleet: MakeFleet, room: GridMap):
    fleet = make_fleet(room, ('amr', 3.0, 2.0, 0.0), ('amr', 0.1, 2.0, 0.0))

    with pytest.raises(ConfigError, match=r"robots\.1\.start: 'amr_1' cannot stand at"):
        check_starts(fleet, room)


def test_robots_that_start_in_each_other_are_named(make_fleet: MakeFleet, room: GridMap):
    fleet = make_fleet(room, ('amr', 3.0, 2.0, 0.0), ('amr', 3.2, 2.0, 0.0))

    with pytest.raises(ConfigError, match=r"robots\.1\.start: 'amr_1' would stand in 'amr_0'"):
        check_starts(fleet, room)
