# SPDX-License-Identifier: Apache-2.0
"""A language model cannot spend more than its caps, whatever loops, crashes or lies."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_supervisor.core.spending import DAY_NS, Caps, Spent, Usage, price, reserve, settle
from swarm_supervisor.purse import Purse

CAPS = Caps(tokens_per_mission=1000, tokens_per_day=2500, usd_per_mission=1.0, usd_per_day=1.0)
CALL = Usage(tokens_in=700, tokens_out=300)
NOW = 20_000 * DAY_NS


def test_the_day_is_full_after_two_calls_and_empty_the_next_day() -> None:
    purse = Purse(None, CAPS, lambda: NOW)
    assert [purse.reserve(CALL) for _ in range(2)] == ['', '']
    assert purse.reserve(CALL) == 'it would take 3000, the cap is 2500 tokens a day'
    spent, refusal = reserve(purse.spent, CALL, CAPS, NOW + DAY_NS)
    assert (spent.tokens, refusal) == (1000, '')


def test_a_clock_that_goes_back_gives_no_new_day() -> None:
    spent, _ = reserve(Spent(), CALL, CAPS, NOW)
    assert reserve(spent, CALL, CAPS, NOW - DAY_NS)[1].startswith('the clock went back')


def test_a_call_that_is_too_large_is_not_made() -> None:
    big = Usage(tokens_in=1000, tokens_out=1)
    assert 'tokens for one order' in Purse(None, CAPS, lambda: NOW).reserve(big)


def test_what_was_not_used_is_given_back_and_cached_tokens_are_cheap() -> None:
    spent, _ = reserve(Spent(), CALL, CAPS, NOW)
    used = Usage(tokens_in=10, tokens_out=5, tokens_cached=100)
    after = settle(spent, CALL, used, CAPS)
    assert after.tokens == 115
    assert after.usd == pytest.approx(price(used, CAPS))
    assert price(Usage(tokens_in=0, tokens_out=0, tokens_cached=10), CAPS) == pytest.approx(3e-6)


def test_a_restart_does_not_empty_the_purse_and_a_broken_file_stops_spending(
    tmp_path: Path,
) -> None:
    file = tmp_path / 'nexus' / 'spent.json'
    assert Purse(file, CAPS, lambda: NOW).reserve(CALL) == ''
    again = Purse(file, CAPS, lambda: NOW)
    assert again.spent.tokens == 1000
    file.write_text('{')
    assert 'cannot be read' in Purse(file, CAPS, lambda: NOW).reserve(CALL)


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 600)), max_size=30))
def test_no_run_of_calls_passes_a_cap(calls: list[tuple[int, int]]) -> None:
    purse = Purse(None, CAPS, lambda: NOW)
    for tokens_in, tokens_out in calls:
        purse.reserve(Usage(tokens_in=tokens_in, tokens_out=tokens_out))
        assert purse.spent.tokens <= CAPS.tokens_per_day
        assert purse.spent.usd <= CAPS.usd_per_day
