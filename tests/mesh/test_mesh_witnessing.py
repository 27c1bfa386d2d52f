# SPDX-License-Identifier: Apache-2.0
"""Peers countersign where each other's logs stand, and refuse what contradicts itself."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from swarm.v1 import common_pb2, mesh_pb2

from swarm_agent.mesh.wire import Malformed, check_heads
from swarm_agent.mesh.witnessing import LOOK_EVERY_NS, SAY_EVERY_NS, SAY_LINES, WitnessDesk
from swarm_vault.checkpoints import newest_note
from swarm_vault.heads.core import PATIENCE_NS
from swarm_vault.keys import ensure_authority
from swarm_vault.notes import parse_note
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.replay import replay_vault
from swarm_vault.segments import log_folder
from swarm_vault.verify import verify_vault

TEAM = ('amr_1', 'amr_2', 'tb4_1')


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    ensure_authority(tmp_path, TEAM)
    for agent in TEAM[:2]:
        record(tmp_path, agent, 'reflex')
    return tmp_path


def record(vault: Path, agent: str, writer: str, events: int = 1) -> None:
    recorder = Recorder(vault_dir=vault, agent_id=agent, writer=writer)
    for _ in range(events):
        recorder.event(Kind.MESSAGE, 'test.said', {})
    recorder.close()


@contextmanager
def desks(vault: Path, *agents: str, team: Sequence[str] = TEAM) -> Iterator[list[WitnessDesk]]:
    """Desks of some robots, each with the recorder of its situation node."""
    recorders = [Recorder(vault_dir=vault, agent_id=one, writer='situation') for one in agents]
    pairs = zip(agents, recorders, strict=True)
    yield [WitnessDesk(vault, agent, team, recorder) for agent, recorder in pairs]
    for recorder in recorders:
        recorder.close()


def say(desk: WitnessDesk, at: int) -> list[mesh_pb2.LogHeads]:
    return desk.words(at * SAY_EVERY_NS, 5)


def about(said: list[mesh_pb2.LogHeads], writer: str = 'reflex') -> list[int]:
    """How many lines of a writer's log are announced, and where steps to it begin."""
    notes = [parse_note(note).checkpoint for one in said for note in one.checkpoints]
    steps = [step for one in said for step in one.steps]
    sizes = [note.size for note in notes if note.writer == writer]
    return sizes + [step.old_size for step in steps if step.writer == writer]


def talk(one: WitnessDesk, other: WitnessDesk, at: int) -> list[dict[str, Any]]:
    """Each hears what the other says; returns what was refused."""
    refused = other.hear(say(one, at))
    return refused + one.hear(say(other, at))


def confirmed(vault: Path) -> dict[str, tuple[int, int]]:
    """Of each robot's reflex log, how many lines there are and how many are countersigned."""
    logs = verify_vault(vault).witnesses.logs
    return {
        log.writer[:5]: (log.lines, log.confirmed) for log in logs if log.writer[6:] == 'reflex'
    }


def test_two_peers_countersign_each_others_heads_and_keep_what_comes_back(vault: Path):
    with desks(vault, 'amr_1', 'amr_2') as (one, other):
        for at in range(1, 5):
            assert talk(one, other, at) == []
            record(vault, 'amr_1', 'reflex')
            record(vault, 'amr_2', 'reflex')
        talk(one, other, 9)
    assert confirmed(vault) == {'amr_1': (15, 15), 'amr_2': (15, 15)}
    assert replay_vault(vault).reasons == ()


def test_nothing_new_is_not_said_again_and_not_before_it_is_time(vault: Path):
    with desks(vault, 'amr_1') as (desk,):
        assert desk.words(SAY_EVERY_NS - 1, 5) == []
        assert about(say(desk, 1)) == [3]
        assert about(say(desk, 2)) == []
        record(vault, 'amr_1', 'planner')
        assert about(say(desk, 3), 'planner') == [3]


def test_a_head_that_nobody_heard_is_told_again_and_an_answered_one_is_not(vault: Path):
    with desks(vault, 'amr_1', 'amr_2', team=TEAM[:2]) as (one, other):
        assert about(say(one, 1)) == [3]
        assert about(say(one, 4)) == []
        other.hear(say(one, 5))
        one.hear(say(other, 6))
        assert other.witness.held('amr_1/reflex') == 3
        assert about(say(one, 12)) == []


def test_many_new_lines_are_told_of_at_the_next_look_and_few_are_not(vault: Path):
    with desks(vault, 'amr_1') as (desk,):
        assert about(say(desk, 1)) == [3]
        for events, told in ((1, []), (SAY_LINES, [SAY_LINES + 8])):
            record(vault, 'amr_1', 'reflex', events)
            assert about(desk.words(SAY_EVERY_NS + LOOK_EVERY_NS, 5)) == told
        assert desk.words(SAY_EVERY_NS + LOOK_EVERY_NS, 5) == []


def test_the_end_of_a_closed_record_is_told_and_countersigned(vault: Path):
    with desks(vault, 'amr_1', 'amr_2') as (one, other):
        talk(one, other, 1)
    lines = {log.writer: log.lines for log in verify_vault(vault).witnesses.logs}
    with desks(vault, 'amr_2') as (other,):
        assert other.hear(one.last_words(5)) == []
        assert other.witness.held('amr_1/situation') == lines['amr_1/situation']


def test_the_last_words_also_lead_on_who_has_not_answered_yet(vault: Path):
    with desks(vault, 'amr_1', 'amr_2') as (one, other):
        other.hear(say(one, 1))
        record(vault, 'amr_1', 'reflex')
        assert other.hear(one.last_words(5)) == []
        assert other.witness.held('amr_1/reflex') == 6


def test_with_a_newer_head_goes_one_step_from_what_the_witnesses_hold(vault: Path):
    with desks(vault, 'amr_1', 'amr_2') as (one, other):
        assert about(say(one, 1)) == [3]
        talk(one, other, 2)
        record(vault, 'amr_1', 'reflex')
        talk(one, other, 3)
        one.hear(say(other, 4))
        record(vault, 'amr_1', 'reflex')
        said = say(one, 5)
        assert about(said) == [9, 6]
        assert max(message.ByteSize() for message in said) < 4000


def test_an_answer_that_was_lost_costs_a_round_and_no_more(vault: Path):
    with desks(vault, 'amr_1', 'amr_2') as (one, other):
        talk(one, other, 1)
        for at in range(2, 9):
            record(vault, 'amr_1', 'reflex')
            assert other.hear(say(one, at)) == []
            if at % 3 == 0:
                assert one.hear(say(other, at)) == []
            else:
                say(other, at)  # nobody hears it
        talk(one, other, 9)
        talk(one, other, 10)
        assert other.witness.held('amr_1/reflex') == 24


def test_who_joins_late_or_lost_its_book_begins_anew(vault: Path):
    with desks(vault, 'amr_1', 'amr_2') as (one, other):
        talk(one, other, 1)
        record(vault, 'amr_1', 'reflex')
        with desks(vault, 'tb4_1') as (late,):
            said = say(one, 2)
            assert other.hear(said) == late.hear(said) == []
            assert late.witness.held('amr_1/reflex') == other.witness.held('amr_1/reflex') == 6


def test_a_log_that_grows_while_its_heads_are_read_is_told_of_up_to_the_same_line(
    vault: Path, monkeypatch: pytest.MonkeyPatch
):
    def grown(folder: Path) -> str:
        """A note is read, and at once the log has a newer one."""
        note = newest_note(folder)
        if folder.name == 'reflex':
            record(vault, 'amr_1', 'reflex')
        return note

    with desks(vault, 'amr_1', 'amr_2') as (one, other):
        talk(one, other, 1)
        monkeypatch.setattr('swarm_agent.mesh.witnessing.newest_note', grown)
        for at in range(2, 6):
            said = say(one, at)
            ends = {parse_note(step.checkpoint).checkpoint.size for m in said for step in m.steps}
            told = {parse_note(note).checkpoint.size for m in said for note in m.checkpoints}
            assert ends <= told
            assert other.hear(said) == []
            one.hear(other.words(at * SAY_EVERY_NS, 5))


def test_a_peer_that_stays_back_is_refused_once_in_words(vault: Path):
    with desks(vault, 'amr_1', 'amr_2') as (one, other):
        early = [mesh_pb2.LogHeads.FromString(m.SerializeToString()) for m in say(one, 1)]
        assert other.hear(early) == []
        record(vault, 'amr_1', 'reflex')
        assert one.hear(say(other, 1)) == []
        assert other.hear(say(one, 2)) == []
        assert other.hear(early) == []
        other.witness._clock = lambda: time.monotonic_ns() + PATIENCE_NS
        (refused,) = other.hear(early)
        assert refused['why'] == 'rolled back'
        assert 'it was rolled back' in refused['reason']
        assert other.hear(early) == []


def test_a_swapped_back_log_that_grew_again_is_refused_with_the_evidence(vault: Path):
    log = log_folder(vault, 'amr_1', 'reflex')
    shutil.copytree(log, vault / 'old')
    record(vault, 'amr_1', 'reflex')
    with desks(vault, 'amr_1', 'amr_2') as (one, other):
        talk(one, other, 1)
        shutil.rmtree(log)
        shutil.copytree(vault / 'old', log)
        for _ in range(3):
            record(vault, 'amr_1', 'reflex')
        refused = [found for at in (2, 3, 4) for found in talk(one, other, at)]
        assert [found['why'] for found in refused] == ['forked']
        assert other.witness.held('amr_1/reflex') == 6


def test_a_log_that_shows_no_proof_is_asked_and_then_told_of(vault: Path):
    now = iter(range(0, 10**12, PATIENCE_NS // 3))
    with desks(vault, 'amr_1', 'amr_2') as (one, other):
        other.witness._clock = now.__next__
        refused = []
        for at in range(1, 9):
            said = say(one, at)
            for message in said:
                message.ClearField('steps')
            refused += other.hear(said)
            assert [held.size for one in say(other, at) for held in one.held] == [3] * (at > 1)
            record(vault, 'amr_1', 'reflex')
        assert [found['why'] for found in refused] == ['unproved']


def test_nobody_speaks_for_anothers_log(vault: Path):
    with desks(vault, 'amr_1', 'amr_2') as (one, other):
        (words,) = say(one, 1)
        words.agent_id = 'tb4_1'
        (refused,) = other.hear([words])
        assert refused['reason'] == (
            'tb4_1/reflex: a checkpoint of amr_1/reflex was brought for it'
        )
        nonsense = mesh_pb2.LogHeads(agent_id='amr_1', checkpoints=['x/reflex', 'x'])
        assert len(other.hear([nonsense])) == 2
        strange = mesh_pb2.LogHeads(agent_id='amr_1', cosigned=['y/amr_2/'])
        assert len(other.hear([strange])) == 1


def test_hostile_steps_and_holdings_do_nothing(vault: Path):
    with desks(vault, 'amr_1', 'amr_2') as (one, other):
        talk(one, other, 1)
        note = newest_note(log_folder(vault, 'amr_1', 'reflex'))
        step = common_pb2.HeadStep(
            writer='reflex', old_size=2**64 - 1, checkpoint=note, hashes=[b'x' * 9] * 64
        )
        held = [common_pb2.HeadHeld(log=log, size=2**64 - 1) for log in ('amr_2/reflex', '/', '')]
        hostile = mesh_pb2.LogHeads(agent_id='amr_1', steps=[step] * 16, held=held)
        assert other.hear([hostile]) == []
        assert talk(one, other, 2) == []


def test_in_a_large_fleet_each_robot_has_four_witnesses(tmp_path: Path):
    team = [f'amr_{number}' for number in range(10)]
    ensure_authority(tmp_path, team)
    record(tmp_path, 'amr_8', 'reflex')
    hearers = []
    with desks(tmp_path, *team, team=team) as all_desks:
        said = say(all_desks[8], 1)
        for agent, desk in zip(team, all_desks, strict=True):
            desk.hear(said)
            if any(one.cosigned for one in say(desk, 1)):
                hearers.append(agent)
    assert hearers == ['amr_0', 'amr_1', 'amr_2', 'amr_9']


@pytest.mark.parametrize(
    ('heads', 'reason'),
    [
        (mesh_pb2.LogHeads(agent_id='amr_2'), 'speaks for another robot'),
        (mesh_pb2.LogHeads(agent_id='amr_1', cosigned=['x'] * 17), 'too many heads'),
        (
            mesh_pb2.LogHeads(agent_id='amr_1', steps=[common_pb2.HeadStep(hashes=[b''] * 65)]),
            'proof too long',
        ),
    ],
)
def test_heads_that_must_not_be_used_are_malformed(heads: mesh_pb2.LogHeads, reason: str):
    with pytest.raises(Malformed, match=reason):
        check_heads(heads, author='amr_1')
