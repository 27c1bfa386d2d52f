# SPDX-License-Identifier: Apache-2.0
"""The latches: released by someone, for a reason, at rest; a restart releases nothing."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from reflex_world import PARAMS, Bench

from swarm_reflex.core import Cause, Request
from swarm_reflex.latches import ALL, Latches, LatchStore, load_latches, store_latches

NAMED = {'reset_by': 'mara', 'reset_reason': 'pallet removed'}


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
    assert stopped.tick(0.5, 0.0, requests=(Request.RESET,), **NAMED).e_stop
    assert stopped.tick(0.0, 0.2, requests=(Request.RESET,), **NAMED).e_stop


def test_reset_is_refused_while_the_command_is_no_number(stopped: Bench) -> None:
    assert stopped.tick(math.nan, requests=(Request.RESET,), **NAMED).e_stop


def test_reset_with_a_zero_command_releases_and_motion_starts_from_rest(stopped: Bench) -> None:
    assert not stopped.tick(0.0, 0.0, requests=(Request.RESET,), **NAMED).e_stop
    assert 0.0 < stopped.tick(0.5).vx_mps <= 0.008 + 1e-12


def test_reset_without_any_command_releases(stopped: Bench) -> None:
    stopped.drive(command=None, ticks=31)
    assert not stopped.tick(command=None, requests=(Request.RESET,), **NAMED).e_stop


def test_refused_reset_is_not_remembered(stopped: Bench) -> None:
    stopped.tick(0.5, requests=(Request.RESET,), **NAMED)
    assert stopped.drive(0.0, ticks=50).e_stop


def test_e_stop_and_reset_in_one_tick_count_in_their_order(stopped: Bench) -> None:
    assert stopped.tick(0.0, requests=(Request.RESET, Request.E_STOP), **NAMED).e_stop
    assert not stopped.tick(0.0, requests=(Request.E_STOP, Request.RESET), **NAMED).e_stop


def test_reset_without_e_stop_changes_nothing():
    bench = Bench()
    assert not bench.tick(0.0, requests=(Request.RESET,), **NAMED).e_stop


@pytest.mark.parametrize('words', [{}, {'reset_by': 'mara'}, {**NAMED, 'reset_reason': '  '}])
def test_reset_that_does_not_say_who_and_why_is_refused(
    stopped: Bench, words: dict[str, str]
) -> None:
    assert stopped.tick(0.0, requests=(Request.RESET,), **words).e_stop


def test_e_stop_of_category_one_brakes_first():
    bench = Bench(replace(PARAMS, e_stop_category=1, ramp_stops=False))
    bench.drive(0.5)
    speeds = [bench.tick(0.5, requests=(Request.E_STOP,)).vx_mps for _ in range(60)]
    assert speeds[0] == pytest.approx(0.5 - 1.2 * 0.01)
    assert speeds[-1] == 0.0


def test_fleet_that_is_told_to_freeze_comes_to_rest_and_stays(stopped: Bench) -> None:
    bench = Bench()
    bench.drive(0.5)
    assert 0.0 < bench.tick(0.5, requests=(Request.FREEZE,)).vx_mps < 0.5
    outputs = bench.drive(0.5)
    assert (outputs.vx_mps, outputs.cause, outputs.frozen) == (0.0, 'freeze', True)
    bench.tick(0.5, requests=(Request.ENABLE, Request.RESET), **NAMED)
    assert bench.drive(0.5).frozen, 'neither reset nor enable ends it'
    bench.tick(0.5, requests=(Request.UNFREEZE,))
    assert bench.drive(0.5).vx_mps == 0.5


def test_another_publisher_on_the_command_port_stops_at_once():
    bench = Bench()
    bench.drive(0.5)
    outputs = bench.tick(0.5, rivals=1)
    assert (outputs.vx_mps, outputs.cause) == (0.0, 'rival')
    assert bench.drive(0.5).cause == 'rival'
    assert bench.tick(0.5, rivals=0).vx_mps > 0.0


def test_loop_that_is_often_late_ends_motion_until_it_is_punctual_again():
    bench = Bench()
    bench.drive(0.5)
    for _ in range(4):
        assert Cause.OVERRUN not in bench.tick(0.5, step_ns=25_000_000).causes
    assert Cause.OVERRUN in bench.tick(0.5, step_ns=25_000_000).causes
    assert bench.drive(0.5, ticks=50).vx_mps < 0.1
    assert bench.drive(0.5, ticks=130).vx_mps == 0.5


def test_loop_may_be_late_where_that_is_configured():
    bench = Bench(replace(PARAMS, max_late_ticks=0))
    assert bench.drive(0.5, step_ns=25_000_000).vx_mps == 0.5


@pytest.mark.parametrize(
    'latches',
    [Latches(), Latches(e_stop=True), Latches(breached=True), Latches(frozen=True), ALL],
)
def test_latches_survive_a_restart(tmp_path: Path, latches: Latches) -> None:
    path = tmp_path / 'nexus' / 'latches' / 'amr_1.json'
    store = LatchStore(path)
    store.keep(latches)
    store.close()
    assert store.settled
    found = LatchStore(path)
    found.close()
    assert (found.found, found.doubt) == (latches, '')
    outputs = Bench().tick(0.0, requests=found.found.requests())
    assert (outputs.e_stop, outputs.breached, outputs.frozen) == (
        latches.e_stop,
        latches.breached,
        latches.frozen,
    )


@pytest.mark.parametrize('text', ['', '{"e_st', '[]', '{}', '{"e_stop": 0}', 'null', '\xff'])
def test_latches_that_cannot_be_read_are_all_set(tmp_path: Path, text: str) -> None:
    path = tmp_path / 'amr_1.json'
    path.write_bytes(text.encode('latin-1'))
    latches, doubt = load_latches(path)
    assert latches == ALL
    assert 'until a reset' in doubt


def test_latches_that_are_no_booleans_are_all_set(tmp_path: Path) -> None:
    path = tmp_path / 'amr_1.json'
    path.write_text(json.dumps({'e_stop': 0, 'breached': False, 'frozen': False}))
    assert load_latches(path)[0] == ALL


def test_half_written_latches_do_not_replace_the_old(tmp_path: Path) -> None:
    path = tmp_path / 'amr_1.json'
    store_latches(path, Latches(e_stop=True))
    path.with_suffix('.new').write_text('{"e_st')
    assert load_latches(path) == (Latches(e_stop=True), '')


def test_store_that_cannot_write_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / 'file'
    blocked.write_text('')
    store = LatchStore(blocked / 'amr_1.json')
    store.keep(Latches(e_stop=True))
    store.close()
    assert not store.settled
    assert 'would not survive' in store.fault
