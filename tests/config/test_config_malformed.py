# SPDX-License-Identifier: Apache-2.0
"""A malformed file gets one sentence that names file, field and expectation."""

import math
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_config.maps import load_map
from swarm_config.robots import load_robot
from swarm_config.scenarios import load_scenario
from swarm_config.validation import read_yaml

CONFIG = Path(__file__).resolve().parents[2] / 'config'


@pytest.fixture
def config(tmp_path):
    """A copy of the project's configuration, to spoil."""
    return Path(shutil.copytree(CONFIG, tmp_path / 'config'))


def spoil(path: Path, change) -> Path:
    content = yaml.safe_load(path.read_text(encoding='utf-8'))
    change(content)
    path.write_text(yaml.safe_dump(content), encoding='utf-8')
    return path


def fault_of(load, path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f'{path}: ')
    assert '\n' not in message
    return message.removeprefix(f'{path}: ')


def drop(field):
    return lambda content: content.pop(field)


def put(field, value):
    return lambda content: content.__setitem__(field, value)


def put_in_robot(field, value):
    return lambda content: content['robots'][1].__setitem__(field, value)


@pytest.mark.parametrize(
    ('change', 'field'),
    [
        (drop('fleet'), 'fleet: Field required'),
        (drop('map'), 'map: Field required'),
        (put('fleet', 'My Fleet'), 'fleet: String should match pattern'),
        (put('robots', []), 'robots: Tuple should have at least 1 item'),
        (put('robts', 3), 'robts: Extra inputs are not permitted'),
        (put('map', '../maps/none.yaml'), 'map: no file '),
        (put('scenario', 'none.yaml'), 'scenario: no file '),
        (put('survey_range_m', -1), 'survey_range_m: Input should be greater than 0'),
        (put('min_battery', 'much'), 'min_battery: Input should be a valid number'),
        (put('link_loss', 'panic'), "link_loss: Input should be 'continue'"),
        (put('supervisor', {'port': 0}), 'supervisor.port: Input should be greater than'),
        (put_in_robot('id', 'Amr 2'), 'robots.1.id: String should match pattern'),
        (put_in_robot('id', 'amr_1'), "file: Value error, robot ids must differ, ['amr_1']"),
        (put_in_robot('model', 'none'), 'robots.1.model: no file '),
        (put_in_robot('home', [1.0, 2.0]), 'robots.1.home.2: Field required'),
        (put_in_robot('home', [math.nan, 2.0, 0.0]), 'robots.1.home.0: Input should be a finite'),
    ],
)
def test_a_malformed_fleet_plan_is_refused_with_its_field(config, change, field):
    path = spoil(config / 'fleets' / 'depot.yaml', change)
    assert fault_of(load_fleet, path).startswith(field)


@pytest.mark.parametrize(
    ('change', 'field'),
    [
        (drop('radius_m'), 'radius_m: Field required'),
        (put('radius_m', 0), 'radius_m: Input should be greater than 0'),
        (put('radius_m', math.inf), 'radius_m: Input should be a finite number'),
        (put('max_speed_mps', 'fast'), 'max_speed_mps: Input should be a valid number'),
        (put('colour', 'red'), 'colour: Extra inputs are not permitted'),
        (lambda c: c['lidar'].pop('beams'), 'lidar.beams: Field required'),
        (lambda c: c['lidar'].__setitem__('beams', 3), 'lidar.beams: Input should be greater'),
        (lambda c: c['battery'].__setitem__('voltage_v', -1), 'battery.voltage_v: Input should'),
    ],
)
def test_a_malformed_robot_class_is_refused_with_its_field(config, change, field):
    path = spoil(config / 'robots' / 'amr.yaml', change)
    assert fault_of(load_robot, path).startswith(field)


@pytest.mark.parametrize(
    ('change', 'field'),
    [
        (drop('image'), 'image: Field required'),
        (put('image', 'none.pgm'), 'image: cannot read '),
        (put('image', 'nav2_depot.yaml'), 'image: cannot read '),
        (put('resolution', 0), 'resolution: Input should be greater than 0'),
        (put('origin', [0.0]), 'origin.1: Field required'),
        (put('origin', [0.0, 0.0, 0.5]), 'origin: Value error, a turned map is not supported'),
        (put('origin', [math.nan, 0.0, 0.0]), 'origin.0: Input should be a finite number'),
        (put('free_thresh', 0.0), 'image: no free cell in '),
    ],
)
def test_a_malformed_map_is_refused_with_its_field(config, change, field):
    path = spoil(config / 'maps' / 'nav2_depot.yaml', change)
    assert fault_of(load_map, path).startswith(field)


def test_a_truncated_image_is_refused(config):
    image = config / 'maps' / 'nav2_depot.pgm'
    image.write_bytes(image.read_bytes()[:1000])
    assert fault_of(load_map, config / 'maps' / 'nav2_depot.yaml').startswith('image: cannot read')


def outcome_of(path: Path) -> str:
    try:
        load_map(path)
    except ConfigError as error:
        return str(error)[: len(f'{path}: image: ')]
    return 'a map'


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([b'P5', b'P2', b'\x89PNG\r\n\x1a\n', b'']), st.binary(max_size=60))
def test_no_image_crashes_the_reader(tmp_path, kind, content):
    (tmp_path / 'image.pgm').write_bytes(kind + content)
    path = tmp_path / 'map.yaml'
    path.write_text(
        'image: image.pgm\nresolution: 0.05\norigin: [0, 0, 0]\nnegate: 0\n'
        'occupied_thresh: 0.65\nfree_thresh: 0.25\n'
    )
    assert outcome_of(path) in ('a map', f'{path}: image: ')


def test_a_malformed_scenario_is_refused_with_its_field(config):
    path = spoil(
        config / 'scenarios' / 'depot.yaml', put('link_down', {'from_s': 9, 'until_s': 1})
    )
    assert fault_of(load_scenario, path).startswith(
        'link_down: Value error, until_s must be later'
    )


@pytest.mark.parametrize('content', [b'a: [1', b'\xff\xfe\x00', b'\x00', b'a: b: c'])
def test_what_is_not_yaml_is_refused(tmp_path, content):
    path = tmp_path / 'some.yaml'
    path.write_bytes(content)
    assert fault_of(read_yaml, path).startswith(('not YAML', 'cannot be read'))


@pytest.mark.parametrize('content', ['', 'just words', '[1, 2]', '12'])
def test_yaml_of_the_wrong_shape_is_refused(tmp_path, content):
    path = tmp_path / 'some.yaml'
    path.write_text(content)
    assert fault_of(load_fleet, path).startswith('file: ')


def test_a_missing_file_is_named(tmp_path):
    assert fault_of(load_fleet, tmp_path / 'none.yaml').startswith('cannot be read')


def test_an_unknown_robot_is_refused_with_those_there_are():
    fleet = load_fleet(CONFIG / 'fleets' / 'depot.yaml')
    with pytest.raises(ConfigError, match="no robot 'amr_9'; there are amr_1, amr_2, tb4_1"):
        fleet.robot('amr_9')


def test_each_robot_listens_where_all_others_connect():
    fleet = load_fleet(CONFIG / 'fleets' / 'depot.yaml')
    listens = {robot.agent_id: fleet.mesh_listen(robot.agent_id) for robot in fleet.robots}
    assert len(set(listens.values())) == len(listens)
    for agent_id, own in listens.items():
        assert set(fleet.mesh_connect(agent_id)) == set(listens.values()) - {own}
