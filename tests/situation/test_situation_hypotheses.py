# SPDX-License-Identifier: Apache-2.0
"""A violation raises hypotheses; a look tells them apart, and ends in a word or with a human."""

from dataclasses import replace

import pytest
from situation_rooms import SECOND

from swarm_agent.mesh.core import Peer, PeerState
from swarm_agent.situation.core import hypotheses as h
from swarm_agent.situation.core.consistency import Found
from swarm_agent.situation.core.explore import begin, wandered_m
from swarm_agent.situation.core.hypotheses import Evidence, answer
from swarm_agent.situation.core.inquiry import Findings, Inquiry, Moment, inquire

QUIET = Moment(
    now_ns=0, pose=(1.0, 1.0, 0.0), unfit_since_ns=-1, crowded=0.0, peers=(), promises=()
)
TEXT = 'amr_2 promised to let amr_1 pass and came into its way'
PEER = Peer(
    agent_id='amr_2',
    pose=(3.0, 1.0, 0.0),
    speed_mps=0.0,
    radius_m=0.28,
    priority=3,
    state=PeerState.MOVING,
    heard_ns=0,
    waited_ms=0,
    path=(),
    yields_to='',
    cannot_yield=False,
    alive=True,
)


def run(*moments: Moment) -> tuple[Inquiry, list[Findings]]:
    inquiry, told = Inquiry(), []
    for moment in moments:
        inquiry, findings = inquire(inquiry, moment)
        told.append(findings)
    return inquiry, told


def test_every_question_has_several_hypotheses_and_a_look() -> None:
    for question in h.QUESTIONS.values():
        assert len(set(question.hypotheses)) > 1
        assert question.look
    classes = {question.violation_class for question in h.QUESTIONS.values()}
    assert classes == set(h.ViolationClass)


@pytest.mark.parametrize(
    ('question', 'seen', 'hypothesis', 'escalated'),
    [
        ('motion', Evidence(touching_m=0.05), h.HELD, False),
        ('motion', Evidence(), h.DEAF, False),
        ('motion', Evidence(failures=3), h.DEAF, True),
        ('slip', Evidence(), h.SPIN, False),
        ('slip', Evidence(fits=False), h.MISLED, False),
        ('leap', Evidence(), h.RESTARTED, False),
        ('leap', Evidence(fits=False), h.MISLED, False),
        ('object', Evidence(found=True), h.STANDS, False),
        ('object', Evidence(found=True, wandered_m=0.3), h.MOVES, False),
        ('object', Evidence(), h.GONE, False),
        ('reflex', Evidence(peer_near=True, found=True), h.PEER, False),
        ('reflex', Evidence(found=True), h.CLOSE, False),
        ('reflex', Evidence(), h.FAULT, False),
    ],
)
def test_what_a_look_shows_settles_the_question(
    question: str, seen: Evidence, hypothesis: str, *, escalated: bool
) -> None:
    shown = answer(question, seen)
    assert (shown.hypothesis, shown.escalated) == (hypothesis, escalated)
    assert shown.hypothesis in h.QUESTIONS[question].hypotheses


def test_what_wanders_during_the_look_moves_and_what_only_grows_does_not() -> None:
    seen = Found(centre=(2.0, 1.0), radius_m=0.2, cells=4)
    look = begin('object', seen.centre, 0, (0.0, 1.0, 0.0), seen)
    assert wandered_m(replace(look, found=replace(seen, centre=(2.3, 1.0)))) == 0.0
    assert wandered_m(replace(look, found=replace(seen, centre=(2.9, 1.0)))) == pytest.approx(0.5)
    assert wandered_m(replace(look, found=None)) == 0.0


def unfit(seconds: float, **changes: object) -> Moment:
    moment = replace(QUIET, now_ns=round(seconds * SECOND), unfit_since_ns=0)
    return replace(moment, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(('moved_m', 'hypothesis'), [(0.1, h.HIDDEN), (0.9, h.LOST)])
def test_scans_that_fit_again_tell_whether_the_robot_was_lost(
    moved_m: float, hypothesis: str
) -> None:
    again = replace(QUIET, now_ns=8 * SECOND, pose=(1.0 + moved_m, 1.0, 0.0))
    inquiry, told = run(unfit(4.9), unfit(5.0), unfit(5.1), again)
    assert [len(each.violations) for each in told] == [0, 1, 0, 0]
    (violation,) = told[1].violations
    assert (violation.kind, violation.violation_class) == ('map', 'map')
    assert set(violation.hypotheses) == {h.LOST, h.HIDDEN, h.COVERED, h.CHANGED}
    (resolution,) = told[3].resolutions
    assert (resolution.hypothesis, resolution.escalated) == (hypothesis, False)
    assert inquiry == Inquiry()


@pytest.mark.parametrize(('crowded', 'hypothesis'), [(0.6, h.COVERED), (0.1, h.CHANGED)])
def test_scans_that_never_fit_again_are_told_to_a_human_once(
    crowded: float, hypothesis: str
) -> None:
    times = (5.0, 12.0, 20.0, 25.0, 60.0)
    _, told = run(*(unfit(time, crowded=crowded) for time in times))
    assert [len(each.violations) for each in told] == [1, 0, 0, 0, 0]
    assert [len(each.resolutions) for each in told] == [0, 0, 1, 0, 0]
    (resolution,) = told[2].resolutions
    assert (resolution.hypothesis, resolution.escalated) == (hypothesis, True)


def peer_at(x_m: float, heard_s: float) -> Peer:
    return replace(PEER, pose=(x_m, 1.0, 0.0), heard_ns=round(heard_s * SECOND))


@pytest.mark.parametrize(
    ('peers', 'hypothesis'),
    [
        ((peer_at(4.0, 3.0),), h.BROKE),
        ((peer_at(3.02, 3.0),), h.UNABLE),
        ((peer_at(4.0, 0.5),), h.UNHEARD),
        ((), h.UNHEARD),
    ],
)
def test_a_peer_that_broke_its_promise_is_watched_before_it_is_blamed(
    peers: tuple[Peer, ...], hypothesis: str
) -> None:
    first = replace(QUIET, peers=(peer_at(3.0, 0.0),), promises=(TEXT,))
    last = replace(QUIET, now_ns=3 * SECOND, peers=peers)
    inquiry, told = run(first, replace(first, now_ns=SECOND, promises=()), last)
    assert [each.violations[0].actual for each in told if each.violations] == [TEXT]
    (resolution,) = told[2].resolutions
    assert resolution.outcome == f'amr_2: {hypothesis}'
    assert not resolution.escalated
    assert inquiry.broken == ((('amr_2', 1),) if hypothesis == h.BROKE else ())


def test_a_peer_that_breaks_its_word_twice_without_an_excuse_is_told_to_a_human() -> None:
    moments = []
    for begin_s, x_m in ((0, 3.0), (10, 5.0)):
        at = begin_s * SECOND
        here, there = peer_at(x_m, begin_s), peer_at(x_m + 1.0, begin_s + 3)
        moments.append(replace(QUIET, now_ns=at, peers=(here,), promises=(TEXT,)))
        moments.append(replace(QUIET, now_ns=at + 3 * SECOND, peers=(there,)))
    _, told = run(*moments)
    assert [one.escalated for each in told for one in each.resolutions] == [False, True]
