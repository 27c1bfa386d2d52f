# SPDX-License-Identifier: Apache-2.0
"""What of a lost robot's survey may be given away: only what nobody else answers for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from swarm.v1 import mission_pb2

from swarm_supervisor.core.cells import pack_cells, unpack_cells
from swarm_supervisor.core.spare import SPARE, Claim, SpareInputs, SpareParams, Verdict
from swarm_supervisor.crew_book import TOLD_WITHIN_NS, CrewBook
from swarm_supervisor.wire import WireError, check_crew
from swarm_supervisor.world import SurveyGrid

SHAPE = (4, 10)
PARAMS = SpareParams(rows=4, cols=10, least_cells=2.0)
GRID = SurveyGrid(cell_m=0.25, floor=np.ones(SHAPE, dtype=bool))


def columns(low, high):
    mask = np.zeros(SHAPE, dtype=bool)
    mask[:, low:high] = True
    return pack_cells(mask)


NONE = columns(0, 0)
ASKED = SpareInputs(now_ns=1, order_id='o-2', area=columns(0, 10), seen=NONE)


def judged(**changes):
    return SPARE.decide(None, replace(ASKED, **changes), PARAMS)[1]


def free(spare):
    return unpack_cells(spare.free, SHAPE)


def test_what_nobody_else_has_is_given_away_without_what_is_seen():
    spare = judged(seen=columns(0, 3))
    assert spare.verdict is Verdict.GIVE_AWAY
    assert spare.free == columns(3, 10)


def test_what_peers_hold_they_keep_and_only_the_rest_is_given_away():
    claims = (Claim(agent_id='amr_1', bits=columns(0, 4)),)
    spare = judged(claims=claims)
    assert (spare.verdict, spare.free) == (Verdict.GIVE_AWAY, columns(4, 10))
    assert 'amr_1 has 16' in spare.reason


def test_an_order_that_is_wholly_held_by_others_waits_for_them():
    claims = (
        Claim(agent_id='tb4_1', bits=columns(5, 10), booked=False),
        Claim(agent_id='amr_1', bits=columns(0, 6)),
    )
    spare = judged(claims=claims)
    assert spare.verdict is Verdict.WAIT
    assert set(spare.waits_for) == {'amr_1', 'tb4_1'}


def test_what_the_crew_says_is_seen_needs_nobody_any_more():
    claims = (Claim(agent_id='amr_1', bits=columns(1, 10), done=True),)
    assert judged(claims=claims, seen=columns(0, 1)).verdict is Verdict.NOTHING_LEFT
    assert judged(claims=claims).verdict is Verdict.GIVE_AWAY


@pytest.mark.parametrize('why', [{'awaited': ('amr_1',)}, {'heard_by': ('amr_1',)}])
def test_nothing_is_given_away_before_all_have_told_or_while_peers_hear_the_robot(why):
    spare = judged(**why)
    assert (spare.verdict, spare.waits_for) == (Verdict.WAIT, ('amr_1',))
    assert judged(seen=columns(0, 10), **why).verdict is Verdict.NOTHING_LEFT


def test_a_hold_that_no_open_order_covers_keeps_the_order_as_the_only_book_of_it():
    claims = (Claim(agent_id='tb4_1', bits=columns(0, 4), booked=False),)
    assert judged(claims=claims).waits_for == ('tb4_1',)
    assert judged(claims=claims, seen=columns(0, 4)).verdict is Verdict.GIVE_AWAY


masks = st.binary(min_size=5, max_size=5)
claims_of = st.lists(
    st.builds(
        Claim,
        agent_id=st.sampled_from(['a', 'b', 'c']),
        bits=masks,
        done=st.booleans(),
        booked=st.booleans(),
    ),
    max_size=4,
).map(tuple)


@given(area=masks, seen=masks, claims=claims_of)
def test_whatever_is_told_no_cell_is_given_away_that_somebody_has_nor_one_forgotten(
    area, seen, claims
):
    spare = judged(area=area, seen=seen, claims=claims)
    wanted = unpack_cells(area, SHAPE) & ~unpack_cells(seen, SHAPE)
    for claim in claims:
        assert not (free(spare) & unpack_cells(claim.bits, SHAPE)).any()
        wanted &= ~unpack_cells(claim.bits, SHAPE) | (not claim.done)
    held = unpack_cells(spare.held, SHAPE)
    assert ((free(spare) | held) == wanted).all()
    kept = any(not (c.done or c.booked) and free_of(c, wanted) for c in claims)
    assert not (kept and spare.verdict is Verdict.GIVE_AWAY)


def free_of(claim, wanted):
    return (unpack_cells(claim.bits, SHAPE) & wanted).any()


def report(order_id='o-1', held=b'', **fields):
    return mission_pb2.CrewReport(order_id=order_id, held=held, **fields)


def test_a_robot_that_was_out_of_reach_is_awaited_until_it_has_told_or_time_is_up():
    book = CrewBook()
    assert not book.owes('amr_1', 0)
    book.away('amr_1')
    assert book.owes('amr_1', 10**18)
    book.back('amr_1', 5)
    assert book.owes('amr_1', 5 + TOLD_WITHIN_NS)
    assert not book.owes('amr_1', 6 + TOLD_WITHIN_NS)
    book.take('amr_1', [], 7)
    assert not book.owes('amr_1', 8)


def test_an_order_that_a_robot_names_no_more_keeps_its_cells_but_is_worked_on_no_more():
    book = CrewBook()
    book.take('amr_1', [report(held=columns(0, 4), done=columns(0, 1))], 1)
    assert book.words['o-1'].working
    book.take('amr_2', [], 2)
    assert book.words['o-1'].working
    book.take('amr_1', [], 2)
    word = book.words['o-1']
    assert (word.held, word.working, word.done) == (columns(0, 4), False, columns(0, 1))
    book.take('amr_1', [report()], 3)
    assert book.words['o-1'].held == columns(0, 4)
    book.forget(['o-1', 'o-7'])
    assert not book.words


@pytest.mark.parametrize(
    'odd',
    [
        report(held=b'123'),
        report(done=b'123456'),
        report(order_id=''),
        report(taken=[mission_pb2.CrewPart(agent_id='a', bits=b'1')]),
        report(heard=['a\n']),
    ],
)
def test_a_malformed_report_is_refused_with_its_field(odd):
    assert check_crew([report(held=columns(0, 4))], GRID)
    with pytest.raises(WireError, match=r'telemetry\.crew'):
        check_crew([odd], GRID)
    with pytest.raises(WireError, match='257'):
        check_crew([report()] * 257, GRID)
