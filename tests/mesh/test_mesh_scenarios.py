# SPDX-License-Identifier: Apache-2.0
"""The bench's own parts: drawings, the bad network, the referee, the picture; and one real run."""

import json
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from swarm.v1 import common_pb2

from swarm_agent.mesh.core import Peer
from swarm_agent.mesh.scenarios import pace as pace_of_runs
from swarm_agent.mesh.scenarios.__main__ import main
from swarm_agent.mesh.scenarios.arena import COLUMNS, Caster, open_arena
from swarm_agent.mesh.scenarios.freedom import way_is_free
from swarm_agent.mesh.scenarios.impairment import ImpairedGate, Impairment
from swarm_agent.mesh.scenarios.pace import InStep
from swarm_agent.mesh.scenarios.picture import draw
from swarm_agent.mesh.scenarios.places import SCENARIOS, errands_of, grid_of, marks_of
from swarm_agent.mesh.scenarios.referee import Result, Watch
from swarm_vault.keys import ensure_authority, load_signer, load_trust

RADIUS_M = 0.28


@pytest.mark.parametrize('name', SCENARIOS)
def test_every_scenario_has_room_for_all_its_robots_and_goals(name):
    scenario = SCENARIOS[name]
    grid = grid_of(scenario.drawing)
    errands = errands_of(scenario, RADIUS_M, seed=1)
    starts = np.array([one.start for one in errands])
    apart = np.hypot(*(starts[:, None] - starts[None]).transpose(2, 0, 1))
    assert apart[np.triu_indices(len(errands), 1)].min() > 2 * RADIUS_M
    for one in errands:
        for place in (one.start, *one.goals):
            assert grid.free[grid.cell_of(*place)]


def test_the_numbers_of_robots_are_those_that_are_promised():
    counts = {name: len(errands_of(one, RADIUS_M, 1)) for name, one in SCENARIOS.items()}
    wanted = {'corridor': 2, 'layby': 6, 'crossing': 8, 'bridge': 12, 'door': 10, 'warehouse': 12}
    assert {name: counts[name] for name in wanted} == wanted


def test_beams_end_at_walls_and_bodies():
    caster = Caster(grid_of(SCENARIOS['stalled'].drawing), beams=4, reach_m=25.0)
    ranges = caster.ranges((3.0, 2.0, 0.0), np.array([[5.0, 2.0]]), 0.28)
    assert ranges[2] == pytest.approx(2.0 - 0.28, abs=0.01)
    assert ranges[0] == pytest.approx(3.0 - 0.5, abs=0.08)


def test_no_beam_slips_between_walls_that_meet():
    caster = Caster(grid_of(SCENARIOS['ring'].drawing), beams=720, reach_m=60.0)
    for x, y in ((1.0, 1.0), (2.0, 1.25), (11.5, 4.5)):
        assert np.isfinite(caster.ranges((x, y, 0.0), np.zeros((0, 2)), 0.28)).all()


class Echo:
    """A process that decides at once, or never."""

    def __init__(self, pace, number, *, silent=False):
        self.words, self._pace, self._number, self._silent = [], pace, number, silent

    def say(self, word):
        self.words.append(word)
        if not self._silent:
            self._pace.heard(self._number, {'done': False})


def test_in_step_time_goes_on_by_a_tick_once_all_have_decided_but_those_that_were_struck():
    pace, looks = InStep(players=[]), []
    pace.players += [Echo(pace, 0), Echo(pace, 1, silent=True)]
    pace.leave_out(1)
    began_s = pace.now_s()
    for _ in range(3):
        pace.advance(lambda: looks.append(1))
    assert pace.now_s() == pytest.approx(began_s + 0.3)
    assert len(pace.players[0].words) == 3
    assert pace.players[1].words == []
    assert len(looks) == 3


def test_a_process_that_does_not_decide_ends_the_run_with_its_number(monkeypatch):
    monkeypatch.setattr(pace_of_runs, 'PATIENCE_S', 0.0)
    pace = InStep(players=[])
    pace.players.append(Echo(pace, 0, silent=True))
    with pytest.raises(RuntimeError, match='process 0'):
        pace.advance(lambda: None)


@pytest.fixture(scope='module')
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp('bad_network')
    ensure_authority(folder, ['r000', 'r001', 'r002'])
    return folder


def through(keys, bad, author='r001', count=200):
    """How many of so many messages get through the network to r000."""
    gate = ImpairedGate('r000', load_trust(keys), bad, time.monotonic_ns())
    signer = load_signer(keys, author)
    for number in range(count):
        gate.put('intent', signer.sign('x', number, b'').SerializeToString())
        if number % 50 == 0:
            list(gate.take(time.monotonic_ns()))
    list(gate.take(time.monotonic_ns() + 10**10))
    return gate.heard.get('messages', 0)


@pytest.mark.parametrize(
    ('bad', 'author', 'least', 'most'),
    [
        (Impairment(), 'r001', 200, 200),
        (Impairment(loss=0.3), 'r001', 110, 170),
        (Impairment(doubled=0.5), 'r001', 260, 340),
        (Impairment(cut_to_s=60.0), 'r001', 0, 0),
        (Impairment(cut_to_s=60.0), 'r002', 200, 200),
        (Impairment(delay_s=1.0), 'r001', 200, 200),
    ],
)
def test_the_bad_network_does_what_it_is_told(keys, bad, author, least, most):
    assert least <= through(keys, bad, author) <= most


def test_what_is_delayed_does_not_arrive_at_once(keys):
    gate = ImpairedGate('r000', load_trust(keys), Impairment(delay_s=5.0), time.monotonic_ns())
    gate.put('intent', common_pb2.Signed(agent_id='r001').SerializeToString())
    assert list(gate.take(time.monotonic_ns())) == []
    assert gate.waiting == 0


def test_the_referee_counts_a_contact_once_until_it_ends(tmp_path):
    arena, watch = open_arena(tmp_path / 'arena', 2), Watch()
    assert arena.shape == (2, COLUMNS)
    for gap in (1.0, -0.01, -0.02, 0.5, -0.01):
        arena[1, 0] = 2 * RADIUS_M + gap
        watch.look(arena)
    assert watch.contacts == 2
    assert watch.least_gap_m == pytest.approx(-0.02)


def test_the_referee_counts_the_time_in_which_two_hold_each_others_promise():
    watch = Watch()
    watch.hold({'a': frozenset('bc'), 'b': frozenset('c'), 'c': frozenset()}, 0.1)
    assert watch.held_by_two_s == 0.0
    watch.hold({'a': frozenset('b'), 'b': frozenset('a')}, 0.1)
    assert watch.held_by_two_s == pytest.approx(0.1)


EAST = np.array([(0.25 * k, 0.0) for k in range(25)])
"""A way of 6 m from the origin."""
NOBODY = np.zeros((0, 2))


def peer(path, speed_mps=0.5):
    return Peer(
        agent_id='r001', heard_ns=0, pose=(*path[0], 0.0), speed_mps=speed_mps, radius_m=RADIUS_M,
        priority=3, waited_ms=0, state=1, path=tuple(path), yields_to='', cannot_yield=False,
        alive=True,
    )  # fmt: skip


OPPOSITE = [(9.0 - 0.25 * k, 0.0) for k in range(25)]
ACROSS = [(3.0, 4.0 - 0.25 * k) for k in range(25)]
BESIDE = [(0.25 * k, 0.8) for k in range(25)]
BEHIND = [(-3.0 + 0.25 * k, 0.0) for k in range(25)]


@pytest.mark.parametrize(
    ('bodies', 'peers', 'free'),
    [
        (NOBODY, [], True),
        (np.array([[0.9, 0.3]]), [], False),
        (np.array([[-0.6, 0.0], [3.0, 0.0]]), [], True),
        (NOBODY, [peer(OPPOSITE)], False),
        (NOBODY, [peer(OPPOSITE, speed_mps=0.0)], True),
        (NOBODY, [peer(ACROSS)], False),
        (NOBODY, [peer(ACROSS[20:])], True),
        (NOBODY, [peer(BESIDE)], True),
        (NOBODY, [peer(BEHIND)], True),
    ],
    ids=['alone', 'body', 'body off', 'meets', 'stands', 'crosses', 'past', 'beside', 'behind'],
)
def test_a_right_is_free_when_nobody_is_in_the_way_or_drives_over_it(bodies, peers, free):
    assert way_is_free(EAST, bodies, peers, RADIUS_M) is free
    assert not way_is_free(EAST[:1], bodies, peers, RADIUS_M)


def test_the_picture_is_one_sound_file_that_needs_no_other(tmp_path):
    track = [(0.5 * k, 1.0 + 0.2 * k, 1.0, 'waits' if k % 3 else 'drives') for k in range(20)]
    story = {'agent_id': 'r<0', 'track': track, 'waited_s': 3.0, 'longest_wait_s': 1.0}
    result = Result(
        scenario='corridor', robots=1, arrived=1, seconds=10.0, contacts=0, least_gap_m=0.2,
        longest_wait_s=1.0, deadlocks=0, reversals_most=0, reflex_stops=0, promises_broken=0,
        stories=[story, {**story, 'track': []}],
    )  # fmt: skip
    path = tmp_path / 'run.svg'
    draw(SCENARIOS['corridor'], result, path)
    text = path.read_text()
    assert ET.fromstring(text).tag.endswith('svg')
    assert 'href' not in text


def test_a_scenario_that_does_not_exist_is_refused_with_the_names_that_do(capsys):
    with pytest.raises(SystemExit, match='2'):
        main(['moon'])
    assert 'corridor' in capsys.readouterr().err


@pytest.mark.slow
def test_two_robots_pass_in_step_over_real_zenoh(tmp_path):
    told = tmp_path / 'run.json'
    assert main(['corridor', '--in-step', '--json', str(told)]) == 0
    (run,) = json.loads(told.read_text())
    assert run['arrived'] == 2
    assert 10.0 < run['seconds'] < 60.0
    assert run['machine_s'] > 0.0


@pytest.mark.slow
def test_two_robots_that_meet_head_on_in_a_corridor_pass_over_a_bad_network():
    arguments = ['corridor', '--loss', '0.2', '--delay-ms', '100', '--doubled', '0.1']
    assert main(arguments) == 0


def test_marks_lie_where_a_robot_fits():
    assert set(marks_of(SCENARIOS['ring'].drawing, RADIUS_M)) == set('abcd')
