# SPDX-License-Identifier: Apache-2.0
"""The e-stop: nothing but a reset releases it, and that only while nothing wants to move."""

import math

import pytest
from reflex_world import Bench

from swarm_reflex.core import Request


@pytest.fixture
def stopped() -> Bench:
    bench = Bench()
    bench.drive(0.5)
    outputs = bench.tick(0.5, 0.3, requests=(Request.E_STOP,))
    assert (outputs.vx_mps, outputs.wz_radps, outputs.cause) == (0.0, 0.0, 'e_stop')
    return bench


def test_e_stop_holds_without_being_repeated(stopped: Bench) -> None:
    assert stopped.drive(0.5, ticks=1000).e_stop


def test_enable_does_not_release_an_e_stop(stopped: Bench) -> None:
    assert stopped.tick(0.0, requests=(Request.DISABLE, Request.ENABLE)).e_stop


def test_reset_is_refused_while_the_command_is_not_zero(stopped: Bench) -> None:
    assert stopped.tick(0.5, 0.0, requests=(Request.RESET,)).e_stop
    assert stopped.tick(0.0, 0.2, requests=(Request.RESET,)).e_stop


def test_reset_is_refused_while_the_command_is_no_number(stopped: Bench) -> None:
    assert stopped.tick(math.nan, requests=(Request.RESET,)).e_stop


def test_reset_with_a_zero_command_releases_and_motion_starts_from_rest(stopped: Bench) -> None:
    assert not stopped.tick(0.0, 0.0, requests=(Request.RESET,)).e_stop
    assert 0.0 < stopped.tick(0.5).vx_mps <= 0.008 + 1e-12


def test_reset_without_any_command_releases(stopped: Bench) -> None:
    stopped.drive(command=None, ticks=31)
    assert not stopped.tick(command=None, requests=(Request.RESET,)).e_stop


def test_refused_reset_is_not_remembered(stopped: Bench) -> None:
    stopped.tick(0.5, requests=(Request.RESET,))
    assert stopped.drive(0.0, ticks=50).e_stop


def test_e_stop_and_reset_in_one_tick_count_in_their_order(stopped: Bench) -> None:
    assert stopped.tick(0.0, requests=(Request.RESET, Request.E_STOP)).e_stop
    assert not stopped.tick(0.0, requests=(Request.E_STOP, Request.RESET)).e_stop


def test_reset_without_e_stop_changes_nothing():
    bench = Bench()
    assert not bench.tick(0.0, requests=(Request.RESET,)).e_stop
