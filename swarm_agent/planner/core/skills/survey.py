# SPDX-License-Identifier: Apache-2.0
"""See every cell of a region: plan a tour, drive it, mend it with what was seen on the way."""

import numpy as np

from swarm_agent.planner.core import coverage
from swarm_agent.planner.core.coverage import Errand, SurveyPlan
from swarm_agent.planner.core.ground import Ground
from swarm_agent.planner.core.lawful import Lawful, under_law
from swarm_agent.planner.core.orders import Order
from swarm_agent.planner.core.sight import visible
from swarm_agent.planner.core.skills.leg import Course, Drive, drive
from swarm_agent.planner.core.skills.step import (
    Scratch,
    Status,
    Step,
    View,
    Want,
    hold,
    too_early,
)
from swarm_agent.planner.core.tour import Trip
from swarm_agent.planner.core.types import IntentKind, SkillMemory
from swarm_config.maps import Mask
from swarm_vault.replacing import replace

_MOST_ASKED = 1000
"""For so many barred cells it is asked which zone bars them."""
_BESIDE_NS = 700_000_000
"""At a stop, the news of what is seen there may take this long."""


def step(order: Order, memory: SkillMemory, scratch: Scratch, view: View) -> Step:
    """Take one step of the survey."""
    want = hold(order.task.value)
    if too_early(view, order.not_before_ns):
        return Step(memory=memory, scratch=scratch, want=want, reason='waiting for the time')
    law = scratch.law
    if law is None or not law.holds_for(view.bars):
        law = under_law(view.ground, view.bars)
        scratch = Scratch(law=law)
    plan = scratch.plan or _begin(order, view, law.ground)
    view = replace(view, ground=law.ground)
    memory = _look(order, memory, plan, view)
    seen = _bits(memory.seen, view.ground)[plan.cells]
    if not plan.ready:
        plan = coverage.advance(plan, view.ground, _errand(order, view, seen))
        return Step(
            memory=memory,
            scratch=replace(scratch, plan=plan),
            want=want,
            reason='planning the survey',
            again=True,
            left_out=_left_out(plan, law, seen) if plan.ready else '',
        )
    return _drive(order, memory, replace(scratch, plan=plan), view, seen)


def region_mask(order: Order, ground: Ground) -> Mask:
    """The order's region as far as it is floor, on the survey grid."""
    assert order.region is not None
    return (
        _bits(order.region.bits, ground).reshape(ground.survey_floor.shape) & ground.survey_floor
    )


def _begin(order: Order, view: View, lawful: Ground) -> SurveyPlan:
    range_m = (order.range_m or view.params.survey_range_m) * view.params.tuning.survey_reach
    region = region_mask(order, view.ground)
    return coverage.begin(view.ground, region, view.situation.pose[:2], range_m, lawful)


def _look(order: Order, memory: SkillMemory, plan: SurveyPlan, view: View) -> SkillMemory:
    """Add what was seen since the order began; what had been seen before must be seen again."""
    now = _bits(view.situation.seen, view.ground)
    before = _bits(memory.before or view.situation.seen, view.ground)
    seen = _bits(memory.seen, view.ground) | (now & ~before)
    old = plan.cells[(before & ~seen)[plan.cells]]
    if len(old):
        range_m = order.range_m or view.params.survey_range_m
        points = plan.points[np.isin(plan.cells, old)]
        eye = np.array([view.situation.pose[:2]])
        seen[old[visible(view.ground, eye, points, range_m)[0]]] = True
    return replace(memory, before=np.packbits(before).tobytes(), seen=np.packbits(seen).tobytes())


def _drive(order: Order, memory: SkillMemory, scratch: Scratch, view: View, seen: Mask) -> Step:
    assert scratch.plan is not None
    plan = scratch.plan
    if view.resumed:
        plan = replace(plan, tour=())
    plan = _mended(plan, order, view, seen)
    if not plan.tour:
        return _finish(order, memory, replace(scratch, plan=plan), view, seen)
    stop = plan.tour[0]
    followed = drive(
        scratch.leg,
        _stop_want(order, view, stop),
        view,
        patience_s=view.params.tuning.blocked_skip_s,
    )
    plan, over = _judge(plan, followed, view, seen, stop)
    if over:
        plan = _mended(plan, order, view, seen)
    moved_on = bool(over or (scratch.leg is not None and scratch.leg.want != followed.leg.want))
    return Step(
        memory=replace(memory, leg=memory.leg + moved_on),
        scratch=replace(scratch, plan=plan, leg=followed.leg),
        want=_stop_want(order, view, plan.tour[0]) if plan.tour else followed.leg.want,
        progress=_share(plan, seen),
        blocked_ns=followed.blocked_ns,
        again=over,
    )


def _mended(plan: SurveyPlan, order: Order, view: View, seen: Mask) -> SurveyPlan:
    """The plan for what is left; no tour when enough is seen or nothing more can be."""
    if _enough(plan, view, seen):
        return replace(plan, tour=())
    tuning = view.params.tuning
    errand = _errand(order, view, seen)
    for least in (tuning.survey_gain_cells, 1):
        plan = coverage.drop_seen(plan, view.ground, errand, least)
        if plan.tour:
            break
    return plan


def _judge(
    plan: SurveyPlan, followed: Drive, view: View, seen: Mask, stop: int
) -> tuple[SurveyPlan, bool]:
    """What a stop's course means for the plan, and whether the leg is over."""
    if followed.course in {Course.UNREACHABLE, Course.BLOCKED}:
        return coverage.skip(plan, view.ground, stop, _node(view)), True
    if followed.course is Course.ARRIVED or followed.beside_ns >= _BESIDE_NS:
        return coverage.spend(plan, view.ground, stop, seen), True
    return plan, False


def _finish(order: Order, memory: SkillMemory, scratch: Scratch, view: View, seen: Mask) -> Step:
    plan = scratch.plan
    assert plan is not None
    want = hold(order.task.value)
    if plan.skipped and not plan.retried and not _enough(plan, view, seen):
        again = coverage.retry(plan, view.ground)
        return Step(
            memory=memory,
            scratch=replace(scratch, plan=again, leg=None),
            want=want,
            reason='trying the stops once more that could not be reached',
            progress=_share(plan, seen),
            again=True,
        )
    share = _share(plan, seen)
    done = share >= view.params.tuning.survey_least
    left = _left_out(plan, scratch.law, seen)
    whole = 'what the law leaves of the region' if left else 'the region'
    return Step(
        memory=memory,
        scratch=scratch,
        want=want,
        status=Status.DONE if done else Status.FAILED,
        reason=f'{100 * share:.1f} % of {whole} seen'
        + ('' if done else ', no way to the rest')
        + (f'; {left}' if left else ''),
        progress=share,
    )


def _enough(plan: SurveyPlan, view: View, seen: Mask) -> bool:
    return bool(plan.wanted.any()) and _share(plan, seen) >= view.params.tuning.survey_done


def _share(plan: SurveyPlan, seen: Mask) -> float:
    """Share that is seen of what can lawfully be seen; cells given up count as unseen."""
    shows = _shows(plan) & ~plan.barred
    whole = int(shows.sum())
    return float((seen & shows).sum() / whole) if whole else 0.0


def _shows(plan: SurveyPlan) -> Mask:
    """The cells that could be seen from somewhere if there were no law, shape (cells,)."""
    return plan.wanted | plan.barred | (plan.misses > 0)


def _left_out(plan: SurveyPlan, law: Lawful | None, seen: Mask) -> str:
    """What the law makes the survey leave out, and why; empty where it leaves out nothing."""
    left = plan.barred & ~seen
    if law is None or not left.any():
        return ''
    barred = plan.points[left]
    some = barred[:: -(-len(barred) // _MOST_ASKED)]
    asked = (law.bars.wall_at((float(x), float(y))) for x, y in some)
    why = [text for text in dict.fromkeys(asked) if text]
    share = 100.0 * left.sum() / _shows(plan).sum()
    return (
        f'{share:.1f} % of the region is left out, it shows only from where the law does not let'
        f' the robot stand: {"; ".join(why) or "the way there is closed"}'
    )


def _errand(order: Order, view: View, seen: Mask) -> Errand:
    """The tour may leave a little less unseen than the survey may."""
    spare = 0.6 * (1.0 - view.params.tuning.survey_done)
    return Errand(trip=_trip(order, view), seen=seen, spare=spare)


def _trip(order: Order, view: View) -> Trip:
    params = view.params
    return Trip(
        start=_node(view),
        yaw_rad=view.situation.pose[2],
        home=_home(view) if order.return_home else None,
        turn_m=params.max_speed_mps / params.max_yaw_rate_radps,
    )


def _home(view: View) -> int | None:
    """The lattice node of the robot's home; None where the law leaves no way there."""
    home = view.ground.node_at(view.params.home[:2])
    away = view.ground.distances_from(_node(view))[0]
    return home if home is not None and np.isfinite(away[home]) else None


def _node(view: View) -> int:
    """The lattice node where the robot is."""
    return view.ground.node_at(view.situation.pose[:2]) or 0


def _stop_want(order: Order, view: View, stop: int) -> Want:
    x, y = view.ground.nodes[stop]
    return Want(
        kind=IntentKind.GO_TO,
        skill=order.task.value,
        goal=(float(x), float(y), 0.0),
        tolerance_m=view.params.tuning.leg_tolerance_m,
    )


def _bits(packed: bytes, ground: Ground) -> Mask:
    """A packed mask of the survey grid, flat; all unset where it is missing or of another size."""
    size = ground.survey_floor.size
    if len(packed) != -(-size // 8):
        return np.zeros(size, dtype=bool)
    return np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=size).astype(bool)
