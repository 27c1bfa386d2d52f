# SPDX-License-Identifier: Apache-2.0
"""Take a lost peer's part into the own survey: a wider region, or a finished order once more."""

import numpy as np

from swarm_agent.planner.core import laws
from swarm_agent.planner.core.admission import Standing, refusal
from swarm_agent.planner.core.orders import AckStatus, Order, Region
from swarm_agent.planner.core.skills.step import Scratch
from swarm_agent.planner.core.state import Job, with_job
from swarm_agent.planner.core.turn import Turn
from swarm_agent.planner.core.types import Widened
from swarm_vault.replacing import replace


def widen(turn: Turn) -> None:
    """Survey what peers have left over, as far as trust, laws and battery allow."""
    news = turn.inputs.widened
    if news is None or turn.state.stopped or news.order.region is None:
        return
    order_id = news.order.order_id
    job = next((job for job in turn.state.jobs if job.order.order_id == order_id), None)
    if job is not None:
        _grow(turn, job, news)
    elif _completed(turn, order_id):
        _reopen(turn, news)


def _grow(turn: Turn, job: Job, news: Widened) -> None:
    wider = _over(job.order, news.bits)
    if wider == job.order:
        return
    reason = _refused(turn, wider)
    if reason:
        turn.note('survey.not_taken_over', reason, order_id=wider.order_id)
        return
    _say(turn, job.order, wider, news)
    turn.state = with_job(turn.state, replace(job, order=wider, scratch=Scratch()))


def _reopen(turn: Turn, news: Widened) -> None:
    """The own part is done: what is taken over is surveyed under the same order."""
    assert news.order.region is not None
    rest = _bits(news.bits) & ~_bits(news.order.region.bits)
    order = _over(news.order, np.packbits(rest).tobytes())
    reason = _refused(turn, order) if rest.any() else ''
    if reason:
        turn.note('survey.not_taken_over', reason, order_id=order.order_id)
    if reason or not rest.any():
        return
    _say(turn, news.order, _over(news.order, news.bits), news)
    job = Job(order=order, arrival=turn.state.arrivals)
    turn.state = replace(
        turn.state,
        jobs=(*turn.state.jobs, job),
        arrivals=turn.state.arrivals + 1,
        going_home=False,
    )


def _completed(turn: Turn, order_id: str) -> bool:
    found = (entry for entry in turn.state.answered if entry.first.order_id == order_id)
    last = next((entry.last for entry in found), None)
    return last is not None and last.status is AckStatus.COMPLETED


def _refused(turn: Turn, order: Order) -> str:
    """Why an order may not be widened: it is judged like a new one."""
    charge = turn.battery
    standing = Standing(
        wall_ns=turn.inputs.wall_ns,
        tier=turn.tier,
        battery=None if charge is None else charge.share,
        locked_down='',
    )
    return (
        refusal(order, standing, turn.state.ground, turn.params) or laws.admitted(turn, order)[1]
    )


def _over(order: Order, bits: bytes) -> Order:
    """The order over another region."""
    assert order.region is not None
    region = order.region
    wider = Region(
        resolution_m=region.resolution_m, width=region.width, height=region.height, bits=bits
    )
    return replace(order, region=wider)


def _say(turn: Turn, before: Order, after: Order, news: Widened) -> None:
    assert before.region is not None
    assert after.region is not None
    old, new = _bits(before.region.bits), _bits(after.region.bits)
    more, less, lost = int((new & ~old).sum()), int((old & ~new).sum()), ', '.join(news.lost)
    if more:
        why = f'{more} cells that {lost} had: nobody hears it any more'
        turn.note('survey.taken_over', why, order_id=after.order_id)
    else:
        why = f'{less} cells that {lost} had: done, or a peer has them'
        turn.note('survey.given_back', why, order_id=after.order_id)


def _bits(packed: bytes) -> 'np.ndarray[tuple[int, ...], np.dtype[np.bool_]]':
    return np.unpackbits(np.frombuffer(packed, dtype=np.uint8)).astype(np.bool_)
