# SPDX-License-Identifier: Apache-2.0
"""The same order is allowed, asked about or blocked by who stands where its way leads."""

from dataclasses import replace

import pytest
from laws_world import NOW_NS, POLICY, SECOND_NS, SQUARE, TRUST, go

from swarm_vault.laws.core.judge import Case, judge, needed_tier
from swarm_vault.laws.core.policy import Policy, stricter
from swarm_vault.laws.core.values import Action, Area, Presence, Verdict, Zone, ZoneKind
from swarm_vault.laws.core.zones import crosses

THROUGH = ((-2.0, 2.0), (6.0, 2.0))
BEYOND = go((6.0, 2.0), way=THROUGH)


def zoned(kind: ZoneKind) -> Policy:
    return replace(POLICY, zones=(Zone(name='hall', kind=kind, corners=SQUARE),))


def ruled(
    action: Action, kind: ZoneKind = ZoneKind.PEOPLE, *words: Presence, approved: bool = False
) -> tuple[Verdict, str]:
    case = Case(action=action, trust=TRUST, wall_ns=NOW_NS, people=words, approved=approved)
    judgement = judge(case, zoned(kind))
    return judgement.verdict, judgement.reason


def word(count: int, age_s: float = 10.0, zone: str = 'hall') -> Presence:
    return Presence(zone=zone, count=count, stamp_ns=NOW_NS - round(age_s * SECOND_NS))


@pytest.mark.parametrize('action', [go((2.0, 2.0)), BEYOND, go((2.0, 2.0), loops=3)])
def test_who_is_there_decides_over_the_same_order(action: Action) -> None:
    people = ZoneKind.PEOPLE
    asked = 'nobody has said lately who is in the zone hall'
    assert ruled(action) == (Verdict.ESCALATE, asked)
    assert ruled(action, people, word(0))[0] is Verdict.ALLOW
    assert ruled(action, people, word(2)) == (Verdict.BLOCK, '2 people are in the zone hall')
    assert ruled(action, people, word(0, 901.0))[0] is Verdict.ESCALATE
    assert ruled(action, people, word(0, -3600.0))[0] is Verdict.ESCALATE
    assert ruled(action, people, word(0, zone='yard'))[0] is Verdict.ESCALATE


def test_the_last_word_counts_and_an_approval_does_not_move_people() -> None:
    people = ZoneKind.PEOPLE
    assert ruled(BEYOND, people, word(3, 60.0), word(0, 5.0))[0] is Verdict.ALLOW
    assert ruled(BEYOND, people, word(0, 60.0), word(3, 5.0))[0] is Verdict.BLOCK
    assert ruled(BEYOND, people, approved=True)[0] is Verdict.ALLOW
    assert ruled(BEYOND, people, word(1), approved=True)[0] is Verdict.BLOCK


def test_elsewhere_nobody_asks_who_is_in_the_hall() -> None:
    assert ruled(go((8.0, 8.0), way=((6.0, 8.0), (8.0, 8.0))))[0] is Verdict.ALLOW


def test_a_way_through_a_zone_is_judged_like_a_goal_in_it() -> None:
    assert ruled(BEYOND, ZoneKind.FORBIDDEN) == (
        Verdict.BLOCK,
        'it leads into the forbidden zone hall',
    )
    assert ruled(replace(BEYOND, way=()), ZoneKind.FORBIDDEN)[0] is Verdict.ALLOW
    assert needed_tier(BEYOND, zoned(ZoneKind.SHARED)) == 3
    assert needed_tier(replace(BEYOND, way=()), zoned(ZoneKind.SHARED)) == 2
    barred = replace(TRUST.mandate, blocked_zones=(Area(name='hall', corners=SQUARE),))
    case = Case(action=BEYOND, trust=replace(TRUST, mandate=barred), wall_ns=NOW_NS)
    assert judge(case, POLICY).rule == 'mandate.zone'


def test_a_way_that_is_no_number_is_blocked() -> None:
    odd = go((6.0, 2.0), way=((float('nan'), 0.0),))
    assert ruled(odd)[0] is Verdict.BLOCK


def test_a_way_crosses_where_a_point_lies_inside_or_a_leg_cuts_through() -> None:
    assert crosses(THROUGH, SQUARE)
    assert crosses(((2.0, 2.0),), SQUARE)
    assert not crosses(((5.0, 0.0), (5.0, 9.0)), SQUARE)
    assert not crosses((), SQUARE)


def test_the_stricter_policy_believes_a_word_for_the_shorter_time() -> None:
    assert stricter(replace(POLICY, people_s=60.0), POLICY).people_s == 60.0
