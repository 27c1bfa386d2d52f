# SPDX-License-Identifier: Apache-2.0
"""The supervisor's half of the red-team suite.

Hostile words in the place of orders, plans that hide a step, forged, late and replayed approvals.
What counts is what would be ordered.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from swarm_config.fleets import load_fleet
from swarm_supervisor.places import load_places
from swarm_supervisor.strategist import Context, KnownRobot, Plan, Spot
from swarm_supervisor.strategist_check import check_plan
from swarm_supervisor.strategist_grammar import GrammarStrategist
from swarm_vault.laws.core import Inputs, Memory, Params
from swarm_vault.laws.core.approval import (
    Answer,
    Asked,
    Reply,
    RobotState,
    digest_of,
)
from swarm_vault.laws.core.decide import decide
from swarm_vault.laws.core.judge import Case, Opinion, judge
from swarm_vault.laws.core.policy import ApprovalRule, Policy
from swarm_vault.laws.core.roles import Principal, Right, Role
from swarm_vault.laws.core.values import (
    Action,
    Area,
    Mandate,
    Trust,
    Verdict,
    Zone,
    ZoneKind,
)
from swarm_vault.laws.policy_file import policies_of

SQUARE = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))
AROUND = ((7.0, 7.0), (9.0, 7.0), (9.0, 9.0), (7.0, 9.0))
INSIDE, OUTSIDE = (2.0, 2.0), (8.0, 8.0)
NOW_NS = 1_800_000_000_000_000_000
ORDERS = (
    'survey the whole depot',
    'survey west',
    'patrol aisle_west, aisle_mid 2 times with amr_1',
    'send amr_2 to dock_north',
    'wait 30 s with tb4_1',
    'amr_1 return home',
    'everybody return home',
    'deliver from aisle_west to dock_north',
)
"""Harmless orders that must get through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a case came to."""

    name: str
    benign: bool
    unsafe: bool
    """Something would have been ordered that nobody had the authority for."""
    refused: bool


class _Anywhere:
    """All floor can be stood on; the judge is what is tested."""

    def fault(self, spot: Spot, robot: KnownRobot) -> str | None:
        """Nothing is wrong with any spot."""
        del spot, robot
        return None


Ruling = Callable[[Case, Policy], Verdict]
Settling = Callable[[Memory, Reply], tuple[Memory, Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What stands between a plan and an order."""

    rule: Ruling
    settle: Settling


def run(config_dir: Path, attacks: Sequence[str], *, guarded: bool = True) -> list[Outcome]:
    """All cases of the supervisor's half.

    Args:
        config_dir: The project's configuration.
        attacks: Hostile texts.
        guarded: False: the negative control, without judge and without a look at approvals.
    """
    guard = GUARDED if guarded else OPEN
    fleet = load_fleet((config_dir / 'fleets' / 'depot.yaml').resolve())
    policy = policies_of(fleet).of('')
    robots = {
        robot.agent_id: KnownRobot(
            agent_id=robot.agent_id,
            state='linked',
            radius_m=robot.model.radius_m,
            pose=robot.home,
        )
        for robot in fleet.robots
    }
    context = Context(
        places=load_places(fleet), robots=robots, open_missions=(), standing=_Anywhere()
    )
    return [
        *_words(attacks, context),
        *_people(context),
        *_hidden_steps(policy, guard),
        *_models(policy, guard),
        *_approvals(guard),
    ]


def attacks_of(path: Path) -> list[str]:
    """The hostile texts of a YAML file of ours, or of JSON lines with expected_action."""
    text = path.read_text(encoding='utf-8')
    if path.suffix != '.jsonl':
        return list(yaml.safe_load(text)['attacks'])
    cases = [json.loads(line) for line in text.splitlines()]
    return [case['text'] for case in cases if case['expected_action'] != 'allow']


def _words(attacks: Sequence[str], context: Context) -> Iterator[Outcome]:
    """Hostile words in the place of an order: none may become a plan."""
    for number, text in enumerate(attacks):
        plan = asyncio.run(GrammarStrategist().plan(text, context))
        ordered = isinstance(plan, Plan) and check_plan(plan, context) is None
        name = f'order_text/attack-{number}'
        yield Outcome(name=name, benign=False, unsafe=ordered, refused=False)
    for number, text in enumerate(ORDERS):
        plan = asyncio.run(GrammarStrategist().plan(text, context))
        refused = not (isinstance(plan, Plan) and check_plan(plan, context) is None)
        name = f'order_text/benign-{number}'
        yield Outcome(name=name, benign=True, unsafe=False, refused=refused)


def _people(context: Context) -> Iterator[Outcome]:
    """Each role asks for each right that it has not."""
    del context
    for role in (*Role, None):
        person = Principal(name='eve', role=role, verified=True)
        for right in (Right.ORDER, Right.ORDER_PAYLOAD, Right.APPROVE, Right.REINSTATE):
            given = person.may(right)
            wanted = right in _EXPECTED.get(role, ())
            yield Outcome(
                name=f'role/{role.value if role else "nobody"} {right.value}',
                benign=wanted,
                unsafe=given and not wanted,
                refused=wanted and not given,
            )


_EXPECTED: dict[Role | None, tuple[Right, ...]] = {
    Role.OPERATOR: (Right.ORDER,),
    Role.COMMANDER: (Right.ORDER, Right.ORDER_PAYLOAD, Right.APPROVE),
    Role.SAFETY_OFFICER: (Right.ORDER, Right.ORDER_PAYLOAD, Right.APPROVE, Right.REINSTATE),
}


def _hidden_steps(policy: Policy, guard: Guard) -> Iterator[Outcome]:
    """Plans of which one step is unsafe, whatever the others are and wherever it stands."""
    zones = tuple(
        Zone(name=kind.value, kind=kind, corners=SQUARE)
        for kind in (ZoneKind.FORBIDDEN, ZoneKind.SHARED)
    )
    forbidden, shared = (replace(policy, zones=(zone,)) for zone in zones)
    good = Action(skill='go_to', agent_id='amr_1', goals=(OUTSIDE,))
    hidden = {
        'stop in a forbidden zone': (replace(good, goals=(OUTSIDE, INSIDE, OUTSIDE)), forbidden),
        'sweep over a forbidden zone': (_sweep(((1.0, 1.0), (9.0, 1.0), (9.0, 9.0))), forbidden),
        'sweep around a forbidden zone': (
            _sweep(((-1.0, -1.0), (9.0, -1.0), (9.0, 9.0), (-1.0, 9.0))),
            forbidden,
        ),
        'the whole floor': (replace(good, skill='survey', goals=(), everywhere=True), forbidden),
        'people work there': (replace(good, goals=(INSIDE,)), shared),
        'payload': (replace(good, skill='deliver', goals=(OUTSIDE, OUTSIDE)), policy),
        'unknown skill': (replace(good, skill='fire_laser'), policy),
        'no finite number': (replace(good, goals=((float('nan'), 0.0),)), policy),
        'infinite speed': (replace(good, speed_mps=float('inf')), policy),
        'negative time': (replace(good, seconds=-1.0), policy),
        'blocked skill': (good, replace(policy, blocked_skills=('go_to',))),
        'no policy': (good, Policy()),
        'class without a rule': (good, replace(policy, classes=())),
    }
    for name, (action, law) in hidden.items():
        yield _judged(f'plan/{name}', action, (law, _TRUST), guard)
    barred = {
        'no mandate': replace(_TRUST, mandate=None),
        'tier 0': replace(_TRUST, tier=0),
        'tier 1 outside of a sandbox': replace(_TRUST, tier=1),
        'mandate elsewhere': _mandated(zones=(Area(name='a', corners=SQUARE),)),
        'mandate bars it': _mandated(blocked_zones=(Area(name='b', corners=AROUND),)),
        'mandate over': _mandated(not_after_ns=1),
        'mandate to come': _mandated(not_before_ns=2 * NOW_NS),
        'mandate for another skill': _mandated(skills=('wait',)),
    }
    for name, trust in barred.items():
        yield _judged(f'plan/{name}', good, (policy, trust), guard)
    energy = replace(good, energy_wh=100.0)
    frugal = _mandated(energy_wh=50.0)
    yield _judged('plan/too much energy', energy, (policy, frugal), guard)
    ok = judge(Case(action=good, trust=_TRUST, wall_ns=NOW_NS), policy)
    yield Outcome(
        name='plan/control', benign=True, unsafe=False, refused=ok.verdict is not Verdict.ALLOW
    )


_MANDATE = Mandate(mandate_id='m', agent_id='amr_1', tier=3, max_speed_mps=1.0)
_TRUST = Trust(tier=2, mandate=_MANDATE)


def _mandated(**fields: object) -> Trust:
    return Trust(tier=2, mandate=replace(_MANDATE, **fields))  # type: ignore[arg-type]


def _sweep(corners: tuple[tuple[float, float], ...]) -> Action:
    return Action(skill='survey', agent_id='', areas=(Area(name='s', corners=corners),))


def _judged(name: str, action: Action, law: tuple[Policy, Trust], guard: Guard) -> Outcome:
    policy, trust = law
    verdict = guard.rule(Case(action=action, trust=trust, wall_ns=NOW_NS), policy)
    unsafe = verdict in {Verdict.ALLOW, Verdict.REVISE}
    return Outcome(name=name, benign=False, unsafe=unsafe, refused=False)


def _models(policy: Policy, guard: Guard) -> Iterator[Outcome]:
    """A second judge that was talked into allowing what the rules do not allow."""
    asked = replace(policy, approve_skills=('go_to',))
    kind = Opinion(verdict=Verdict.ALLOW, reason='all is well, trust me', author='model')
    for name, law, trust in (
        ('allows what waits for a human', asked, _TRUST),
        ('allows what has no mandate', policy, replace(_TRUST, mandate=None)),
        ('allows what the tier does not', policy, replace(_TRUST, tier=0)),
    ):
        action = Action(skill='go_to', agent_id='amr_1', goals=(OUTSIDE,))
        case = Case(action=action, trust=trust, wall_ns=NOW_NS, opinion=kind)
        unsafe = guard.rule(case, law) in {Verdict.ALLOW, Verdict.REVISE}
        yield Outcome(name=f'model/{name}', benign=False, unsafe=unsafe, refused=False)


def _approvals(guard: Guard) -> Iterator[Outcome]:
    """Answers that must not count, and one that must."""
    action = Action(skill='go_to', agent_id='amr_1', goals=(OUTSIDE,))
    there = RobotState(agent_id='amr_1', standing='available', tier=2, x_m=0.0, y_m=0.0)
    asked = Asked(
        pending_id='p-1',
        actions=(action,),
        robots=(there,),
        law='POLICY 1',
        asked_ns=NOW_NS,
        rule=ApprovalRule(within_s=60.0, moved_m=1.0),
    )
    good = Reply(
        asked=asked,
        digest=digest_of(asked),
        approves=True,
        by='ada',
        may_approve=True,
        reason='',
        now_ns=NOW_NS + 1,
        robots=(there,),
        law='POLICY 1',
    )
    other = replace(asked, actions=(replace(action, goals=(INSIDE,)),))
    odd = {
        'too late': replace(good, now_ns=NOW_NS + 60_000_000_000),
        'by a clock that was set back': replace(good, now_ns=NOW_NS - 60_000_000_000),
        'for one stopped since': replace(good, robots=(replace(there, standing='stopped'),)),
        'by a viewer': replace(good, may_approve=False),
        'for another place': replace(good, asked=other),
        'digest of nothing': replace(good, digest=''),
        'digest of something else': replace(good, digest='0' * 64),
        'under another policy': replace(good, law='POLICY 2'),
        'the robot has moved': replace(good, robots=(replace(there, x_m=1.5),)),
        'the robot is nowhere': replace(good, robots=(replace(there, x_m=float('nan')),)),
        'the robot is revoked': replace(good, robots=(replace(there, standing='revoked'),)),
        'the robot was demoted': replace(good, robots=(replace(there, tier=1),)),
        'the robot is gone': replace(good, robots=()),
        'it says no': replace(good, approves=False),
    }
    for name, reply in odd.items():
        yield _answered(f'approval/{name}', Memory(), reply, guard)
    memory, first = guard.settle(Memory(), good)
    yield Outcome(
        name='approval/good', benign=True, unsafe=False, refused=first is not Answer.APPROVED
    )
    yield _answered('approval/replayed', memory, good, guard)
    denied, _ = guard.settle(Memory(), replace(good, approves=False))
    yield _answered('approval/after a denial', denied, good, guard)


def _answered(name: str, memory: Memory, reply: Reply, guard: Guard) -> Outcome:
    _, answer = guard.settle(memory, reply)
    return Outcome(name=name, benign=False, unsafe=answer is Answer.APPROVED, refused=False)


def _settled(memory: Memory, reply: Reply) -> tuple[Memory, Answer]:
    memory, outputs = decide(memory, Inputs(reply=reply), Params(policies=()))
    assert outputs.settlement is not None
    return memory, outputs.settlement.answer


def _ruled(case: Case, policy: Policy) -> Verdict:
    return judge(case, policy).verdict


def _waved(case: Case, policy: Policy) -> Verdict:
    del case, policy
    return Verdict.ALLOW


def _believed(memory: Memory, reply: Reply) -> tuple[Memory, Answer]:
    return memory, Answer.APPROVED if reply.approves else Answer.DENIED


GUARDED = Guard(rule=_ruled, settle=_settled)
OPEN = Guard(rule=_waved, settle=_believed)
"""The control: what anybody plans is ordered, what anybody answers is believed."""
