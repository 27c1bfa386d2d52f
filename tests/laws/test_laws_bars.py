# SPDX-License-Identifier: Apache-2.0
"""What the laws say of a way is what the judge says of a goal."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws_world import MANDATE, NOW_NS, POLICY, SECOND_NS, SQUARE, go

from swarm_vault.laws.core.bars import Bars, bars_of, forbidden_of
from swarm_vault.laws.core.judge import Case, judge
from swarm_vault.laws.core.values import Area, Presence, Trust, Verdict, Zone, ZoneKind

INSIDE, OUTSIDE = (2.0, 2.0), (6.0, 6.0)


def policy_with(kind: ZoneKind, **changes):
    return replace(POLICY, zones=(Zone(name='hall', kind=kind, corners=SQUARE, **changes),))


def trust(tier=2, **changes) -> Trust:
    return Trust(tier=tier, mandate=replace(MANDATE, **changes))


def word(count: int, age_s: float = 1.0) -> Presence:
    return Presence(zone='hall', count=count, stamp_ns=NOW_NS - round(age_s * SECOND_NS))


def test_a_forbidden_zone_is_a_wall_for_everybody():
    bars = bars_of(policy_with(ZoneKind.FORBIDDEN), trust(4), wall_ns=NOW_NS, approved=True)
    assert bars.wall_at(INSIDE) == 'the zone hall is closed: it is forbidden'
    assert not bars.wall_at(OUTSIDE)


def test_a_shared_zone_opens_with_tier_3():
    shared = policy_with(ZoneKind.SHARED)
    assert 'needs tier 3' in bars_of(shared, trust(2), wall_ns=NOW_NS).wall_at(INSIDE)
    assert not bars_of(shared, trust(3), wall_ns=NOW_NS).wall_at(INSIDE)


@pytest.mark.parametrize(
    ('words', 'approved', 'text'),
    [
        ((), False, 'nobody has said lately'),
        ((), True, ''),
        ((word(0),), False, ''),
        ((word(2),), True, '2 people are in it'),
        ((word(0, age_s=901),), False, 'nobody has said lately'),
        ((word(0, age_s=9), word(1)), False, '1 people are in it'),
        ((word(0, age_s=-3600),), False, 'nobody has said lately'),
    ],
)
def test_who_is_in_a_zone_of_people_decides_whether_it_is_a_wall(words, approved, text):
    people = policy_with(ZoneKind.PEOPLE)
    bars = bars_of(people, trust(), wall_ns=NOW_NS, people=words, approved=approved)
    assert text in bars.wall_at(INSIDE)
    assert bool(bars.wall_at(INSIDE)) is bool(text)


def test_what_the_mandate_bars_is_a_wall():
    barred = trust(blocked_zones=(Area(name='vault', corners=SQUARE),))
    assert 'mandate m bars it' in bars_of(POLICY, barred, wall_ns=NOW_NS).wall_at(INSIDE)


def test_tier_1_stays_in_its_sandbox():
    bars = bars_of(policy_with(ZoneKind.SANDBOX), trust(1), wall_ns=NOW_NS)
    assert bars.wall_at(OUTSIDE) == 'the robot must not leave hall'
    assert not bars.wall_at(INSIDE)
    assert not bars_of(policy_with(ZoneKind.SANDBOX), trust(2), wall_ns=NOW_NS).only


def test_a_zone_with_a_speed_is_slow_and_no_wall():
    slow = bars_of(policy_with(ZoneKind.SANDBOX, max_speed_mps=0.3), trust(2), wall_ns=NOW_NS)
    assert [zone.max_speed_mps for zone in slow.slow] == [0.3]
    assert not slow.walls


def test_no_word_opens_what_the_policy_forbids():
    always = forbidden_of(policy_with(ZoneKind.FORBIDDEN))
    assert Bars().and_walls(always).wall_at(INSIDE)
    assert not forbidden_of(policy_with(ZoneKind.PEOPLE)).walls


@given(
    kind=st.sampled_from(ZoneKind),
    tier=st.integers(1, 4),
    counts=st.lists(st.integers(0, 2), max_size=2),
    approved=st.booleans(),
    point=st.sampled_from((INSIDE, OUTSIDE)),
)
def test_a_goal_behind_a_wall_is_never_allowed_and_an_allowed_one_never_behind_a_wall(
    kind, tier, counts, approved, point
):
    policy, words = policy_with(kind), tuple(word(n, age_s=9 - k) for k, n in enumerate(counts))
    given_ = Case(
        action=go(point), trust=trust(tier), wall_ns=NOW_NS, approved=approved, people=words
    )
    allowed = judge(given_, policy).verdict in {Verdict.ALLOW, Verdict.REVISE}
    bars = bars_of(policy, trust(tier), wall_ns=NOW_NS, people=words, approved=approved)
    sandboxed = tier == 1 and kind is not ZoneKind.SANDBOX
    assert sandboxed or allowed is not bool(bars.wall_at(point))
