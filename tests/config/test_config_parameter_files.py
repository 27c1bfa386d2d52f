# SPDX-License-Identifier: Apache-2.0
"""The parameter files hold every parameter, with the default that the code has, and nothing else.

The same of the planner's file stands in tests/planner/test_planner_config.py.
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import yaml

from swarm_agent.planner.core.types import Tuning as PlannerTuning
from swarm_agent.situation.core import Tuning
from swarm_reflex.core import Params as ReflexParams
from swarm_sim.params import RANGES
from swarm_sim.params import Params as SimParams
from swarm_supervisor.settings import Settings as SupervisorSettings
from swarm_supervisor.settings import load_settings

FOLDER = Path(__file__).parents[2] / 'config' / 'params'
FILES = ('situation', 'planner', 'reflex', 'reflex_simulated', 'sim', 'supervisor')


def written(name: str) -> dict[str, Any]:
    """The parameters of a file, by name."""
    content = yaml.safe_load((FOLDER / f'{name}.yaml').read_text())
    if name == 'supervisor':
        return content
    (node,) = content.values()
    assert set(node) == {'ros__parameters'}
    return node['ros__parameters']


def commented(name: str) -> dict[str, Any]:
    """The parameters that stand in a file as a comment, with the value that holds without it."""
    text = (FOLDER / f'{name}.yaml').read_text()
    found = re.findall(r'^ *# (\w+): (\S+) +#', text, re.MULTILINE)
    return {key: yaml.safe_load(value) for key, value in found}


def defaults_of(*types: type) -> dict[str, Any]:
    return {
        f.name: f.default for type_ in types for f in fields(type_) if f.default is not MISSING
    }


def settings_of(module: str) -> type:
    """What the shell of a node needs; its module imports ROS."""
    pytest.importorskip('rclpy', reason='ROS 2 is not there: what nodes declare is not tested')
    return __import__(module, fromlist=['Settings']).Settings


def same(file: Mapping[str, Any], code: Mapping[str, Any]) -> None:
    """Names, values and their types agree."""
    assert file == code
    assert {key: type(value) for key, value in file.items()} == {
        key: type(value) for key, value in code.items()
    }


class Declaring:
    """A node that notes what is declared on it, and has the values of a file."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given, self.declared, self.changeable = given, {}, set()

    def declare_parameter(self, name: str, default: Any, described: Any = None) -> Any:
        self.declared[name] = default
        if described is None or not described.read_only:
            self.changeable.add(name)
        return type('Parameter', (), {'value': self.given.get(name, default)})


LAUNCHED = {
    'agent_id': 'amr_1',
    'vault_dir': 'vault',
    'fleet_file': str(FOLDER.parent / 'fleets' / 'depot.yaml'),
}
"""What a launcher says on the command line."""
SAID_LATER = {'swarm_reflex': {'reset_by', 'reset_reason'}}
"""Who resets a latch, and why, is said when it is done."""


def test_the_situation_file_is_the_defaults_of_its_tuning():
    same(written('situation'), defaults_of(Tuning))


def test_the_planner_file_is_the_defaults_of_its_tuning_and_settings():
    settings = settings_of('swarm_agent.planner.parameters')
    file = written('planner') | commented('planner')
    same(file, defaults_of(PlannerTuning, settings))


def test_the_reflex_file_is_the_defaults_of_its_params_and_settings():
    settings = settings_of('swarm_reflex.parameters')
    code = defaults_of(ReflexParams, settings)
    same(written('reflex'), code | {'geofence': '', 'sandbox': ''})
    assert code['geofence'] == code['sandbox'] == ()


def test_the_file_for_simulated_robots_changes_what_the_reflex_has_within_its_ranges():
    pytest.importorskip('rclpy', reason='ROS 2 is not there: what nodes declare is not tested')
    from swarm_reflex.parameters import load_setup

    changed = written('reflex_simulated')
    assert set(changed) < set(written('reflex'))
    assert changed['late_tick_s'] < written('reflex')['reaction_s']
    setup = load_setup(Declaring({**LAUNCHED, **written('reflex'), **changed}))
    assert setup.params == replace(setup.params, **changed)


def test_the_sim_file_is_the_defaults_of_its_params():
    same(written('sim'), defaults_of(SimParams))


def test_the_supervisor_file_is_the_defaults_of_its_settings():
    same(written('supervisor'), SupervisorSettings().model_dump())
    assert load_settings(FOLDER / 'supervisor.yaml') == SupervisorSettings()


@pytest.mark.parametrize('room', ['swarm_agent.situation', 'swarm_agent.planner', 'swarm_reflex'])
def test_the_node_declares_what_its_file_holds_and_starts_with_it(room):
    pytest.importorskip('rclpy', reason='ROS 2 is not there: what nodes declare is not tested')
    load_setup = __import__(f'{room}.parameters', fromlist=['load_setup']).load_setup
    name = room.rsplit('.', 1)[-1].removeprefix('swarm_')
    node = Declaring({**LAUNCHED, **written(name)})
    load_setup(node)
    known = set(written(name)) | set(commented(name)) | SAID_LATER.get(room, set())
    assert set(node.declared) - set(LAUNCHED) == known
    assert node.changeable == SAID_LATER.get(room, set())
    plain = {key: node.declared[key] for key in written(name)}
    same(written(name), plain)


def test_the_situation_file_tells_the_range_and_the_meaning_that_the_code_has():
    lines = {
        line.split(':')[0].strip(): line
        for line in (FOLDER / 'situation.yaml').read_text().splitlines()
        if ':' in line
    }
    for name, hint in get_type_hints(Tuning, include_extras=True).items():
        bounds = get_args(hint)[1]
        least, most = bounds.least, bounds.most
        low, high = re.search(r'([\d.]+) to ([\d.]+)$', lines[name]).groups()
        assert (float(low), float(high)) == (least, most), name
        assert least <= getattr(Tuning(), name) <= most, name
        unit = name.rsplit('_', 1)[-1]
        assert unit not in {'m', 's', 'rad'} or f'[{unit}]' in lines[name], name


def test_the_sim_file_tells_the_range_that_the_code_has():
    text = (FOLDER / 'sim.yaml').read_text()
    for name, (least, most) in RANGES.items():
        (line,) = [row for row in text.splitlines() if row.strip().startswith(f'{name}:')]
        low, high = re.search(r'([\d.]+)\.\.([\d.]+)$', line).groups()
        assert (float(low), float(high)) == (least, most), name


@pytest.mark.parametrize('name', FILES)
def test_every_parameter_says_what_it_means_on_its_line_or_the_one_above(name):
    rows = (FOLDER / f'{name}.yaml').read_text().splitlines()
    for above, row in pairwise(rows):
        if row.split(':')[0].strip() in written(name):
            said = row if '#' in row else above
            assert len(said.partition('#')[2].strip()) > 2, row


def test_there_is_a_test_for_every_parameter_file():
    names = {path.stem for path in FOLDER.glob('*.yaml')}
    assert names == set(FILES)
