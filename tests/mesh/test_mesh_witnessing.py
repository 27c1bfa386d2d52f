# SPDX-License-Identifier: Apache-2.0
"""Peers countersign where each other's logs stand, and refuse what contradicts itself."""

from pathlib import Path

import pytest
from swarm.v1 import mesh_pb2

from swarm_agent.mesh.wire import Malformed, check_heads
from swarm_agent.mesh.witnessing import SAY_EVERY_NS, WitnessDesk
from swarm_vault.keys import ensure_authority
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.verify import verify_vault

TEAM = ('amr_1', 'amr_2', 'tb4_1')


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    ensure_authority(tmp_path, TEAM)
    for agent in TEAM[:2]:
        record(tmp_path, agent, 'reflex')
    return tmp_path


def record(vault: Path, agent: str, writer: str) -> None:
    recorder = Recorder(vault_dir=vault, agent_id=agent, writer=writer)
    recorder.event(Kind.MESSAGE, 'test.said', {})
    recorder.close()


def desk_of(vault: Path, agent: str) -> WitnessDesk:
    return WitnessDesk(vault, agent, TEAM)


def say(desk: WitnessDesk, at: int) -> mesh_pb2.LogHeads:
    words = desk.words(at * SAY_EVERY_NS, 5)
    assert words is not None
    return words


def test_two_peers_countersign_each_others_heads_and_keep_what_comes_back(vault: Path):
    one, other = desk_of(vault, 'amr_1'), desk_of(vault, 'amr_2')
    first = say(one, 1)
    assert (len(first.checkpoints), len(first.cosigned)) == (1, 0)
    assert other.hear([first]) == []
    answer = say(other, 1)
    assert (len(answer.checkpoints), len(answer.cosigned)) == (1, 1)
    assert one.hear([answer]) == []
    for desk in (one, other):
        desk.book.flush(final=True)
        desk.book.close()
    verdict = verify_vault(vault).witnesses
    assert verdict.word == 'confirmed'
    assert {log.writer: log.witnesses for log in verdict.logs} == {
        'amr_1/reflex': ('amr_2',),
        'amr_2/reflex': ('amr_1',),
    }


def test_nothing_new_is_not_said_again_and_not_before_it_is_time(vault: Path):
    desk = desk_of(vault, 'amr_1')
    assert desk.words(SAY_EVERY_NS - 1, 5) is None
    say(desk, 1)
    assert desk.words(2 * SAY_EVERY_NS, 5) is None
    record(vault, 'amr_1', 'planner')
    assert len(say(desk, 3).checkpoints) == 1


def test_a_peer_that_goes_back_is_refused_once_in_words(vault: Path):
    one, other = desk_of(vault, 'amr_1'), desk_of(vault, 'amr_2')
    early = say(one, 1)
    record(vault, 'amr_1', 'reflex')
    assert other.hear([say(one, 2)]) == []
    (reason,) = other.hear([early])
    assert 'it was rolled back' in reason
    assert other.hear([early]) == []


def test_nobody_speaks_for_anothers_log(vault: Path):
    words = say(desk_of(vault, 'amr_1'), 1)
    words.agent_id = 'tb4_1'
    assert desk_of(vault, 'amr_2').hear([words]) == ['tb4_1: speaks for another log']
    nonsense = mesh_pb2.LogHeads(agent_id='amr_1', checkpoints=['x'], cosigned=['y'])
    assert len(desk_of(vault, 'amr_2').hear([nonsense])) == 1


def test_in_a_large_fleet_each_robot_has_four_witnesses(tmp_path: Path):
    team = [f'amr_{number}' for number in range(10)]
    ensure_authority(tmp_path, team)
    record(tmp_path, 'amr_8', 'reflex')
    said = WitnessDesk(tmp_path, 'amr_8', team).words(SAY_EVERY_NS, 5)
    assert said is not None
    hearers = []
    for agent in team:
        desk = WitnessDesk(tmp_path, agent, team)
        desk.hear([said])
        if desk.words(SAY_EVERY_NS, 5) is not None and agent != 'amr_8':
            hearers.append(agent)
    assert hearers == ['amr_0', 'amr_1', 'amr_2', 'amr_9']


@pytest.mark.parametrize(
    ('heads', 'reason'),
    [
        (mesh_pb2.LogHeads(agent_id='amr_2'), 'speaks for another robot'),
        (mesh_pb2.LogHeads(agent_id='amr_1', cosigned=['x'] * 17), 'too many heads'),
    ],
)
def test_heads_that_must_not_be_used_are_malformed(heads: mesh_pb2.LogHeads, reason: str):
    with pytest.raises(Malformed, match=reason):
        check_heads(heads, author='amr_1')
