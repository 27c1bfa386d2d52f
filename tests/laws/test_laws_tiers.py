# SPDX-License-Identifier: Apache-2.0
"""Tokens end, are replaced by newer ones only, and lose to a revocation, in whatever order."""

from dataclasses import replace
from itertools import permutations

import pytest
from laws_world import NOW_NS, SECOND_NS, token

from swarm_vault.laws.core.tiers import TTL_S, merged, motion_tier, takes_over, trust_of
from swarm_vault.laws.core.values import Revocation, Tier

OUT = Revocation(agent_id='amr_1', stamp_ns=NOW_NS, lifted=False, reason='lied', by='ada')


def tier_at(seconds: float, *revoked: Revocation, **changes: object) -> tuple[int, str]:
    at_ns = NOW_NS + round(seconds * SECOND_NS)
    trust = trust_of(token(**changes), revoked, agent_id='amr_1', wall_ns=at_ns)
    return trust.tier, trust.reason


def test_the_lives_of_tokens_are_those_of_the_source() -> None:
    assert [TTL_S[tier] for tier in Tier] == [3600, 1800, 1800, 900, 900]


def test_a_token_holds_until_it_expires_and_not_a_moment_longer() -> None:
    assert tier_at(0.0) == (2, '')
    assert tier_at(1799.999) == (2, '')
    assert tier_at(1800.0) == (0, 'the tier token has expired')


def test_without_a_token_there_is_no_trust() -> None:
    assert trust_of(None, (), agent_id='amr_1', wall_ns=NOW_NS).reason == 'no tier token'


def test_a_token_from_the_future_counts_only_within_the_skew_of_clocks() -> None:
    assert tier_at(-59.0)[0] == 2
    assert tier_at(-61.0) == (0, 'the tier token is from the future; check the clocks')


@pytest.mark.parametrize('tier', [3, 4])
def test_tier_three_and_four_need_a_human(tier: int) -> None:
    ends = NOW_NS + 900 * SECOND_NS
    mandate = replace(token().mandate, tier=4)
    changes = {'tier': tier, 'expires_ns': ends, 'mandate': mandate}
    assert tier_at(0.0, **changes)[0] == 0
    assert tier_at(0.0, granted_by='ada', **changes)[0] == tier


def test_an_architect_moves_no_more_than_an_executor() -> None:
    mandate = replace(token().mandate, tier=4)
    high = token(tier=4, granted_by='ada', expires_ns=NOW_NS + SECOND_NS, mandate=mandate)
    trust = trust_of(high, (), agent_id='amr_1', wall_ns=NOW_NS)
    assert (trust.tier, motion_tier(trust.tier)) == (4, 3)


def test_a_revocation_outranks_every_token_also_a_later_one() -> None:
    assert tier_at(0.0, OUT) == (0, 'revoked by ada: lied')
    assert tier_at(60.0, OUT, issued_ns=NOW_NS + 30 * SECOND_NS)[0] == 0


def test_trust_that_was_given_back_needs_a_token_from_after_that() -> None:
    back = replace(OUT, stamp_ns=NOW_NS + 5, lifted=True)
    assert tier_at(1.0, OUT, back) == (0, 'the tier token is from before the revocation')
    assert tier_at(1.0, OUT, back, issued_ns=NOW_NS + 6)[0] == 2


def test_revocations_merge_to_the_same_whatever_their_order_and_number() -> None:
    words = (
        OUT,
        replace(OUT, stamp_ns=NOW_NS + 1, lifted=True),
        replace(OUT, stamp_ns=NOW_NS + 1, lifted=False, reason='again'),
        replace(OUT, agent_id='amr_2'),
    )
    results = {merged(merged((), order[:2]), (*order, *order)) for order in permutations(words)}
    assert len(results) == 1
    (result,) = results
    assert [(w.agent_id, w.lifted) for w in result] == [('amr_1', False), ('amr_2', False)]


def test_an_older_token_does_not_take_over() -> None:
    newer = token(issued_ns=NOW_NS + 1, tier=0)
    assert takes_over(token(), newer, 'amr_1') == 'the token is older than the one in force'
    assert not takes_over(newer, token(), 'amr_1')
