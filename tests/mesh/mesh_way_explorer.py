# SPDX-License-Identifier: Apache-2.0
"""All that can happen to a few robots that settle right of way by the real core, in any order.

Robots drive from point to point of a small map, half a metre at most each time they decide, which
they do in turn, each twice a second. Whenever one decides, it hears of each other the newest
intent, the one before, or none, and any one of the claims that were said to it and not forgotten,
or none; so messages are late, lost, doubled and out of order. Where the map has two ways, a robot
may change its mind. Times are shifted and claims renamed, so that what is the same in all but that
is one state.
"""

import dataclasses
import itertools
import math
from collections import deque
from dataclasses import dataclass, replace
from functools import cache

from swarm_agent.mesh.core import (
    Binding,
    Claim,
    Heard,
    Me,
    OpenClaim,
    Peer,
    RightOfWayInputs,
    RightOfWayParams,
    RightOfWayState,
    Word,
    decide_right_of_way,
)
from swarm_agent.mesh.core.bonds import Bond
from swarm_agent.mesh.core.encounter import Encounter

NS = 1_000_000_000
START_NS = 1_000 * NS
OLD_NS = 5 * NS
"""What is older is only kept in order."""
MOST = {'waited_ns': 3 * NS // 2, 'waited_ms': 1500, 'free_ns': 3 * NS}
"""What is longer than this means nothing more, where nobody grows impatient."""
KEPT_CLAIMS = 3
RADIUS_M = 0.2
PARAMS = RightOfWayParams(decel_mps2=3.0, aging_s=1e6, patience_s=1e6)
FAR_M = 6.0
LONGEST = 200
"""So many decisions are made before it is said that two do not arrive."""


NAMES = 'abc'


@dataclass(frozen=True)
class Map:
    """Points half a metre apart, ways of each robot over them, places to step aside to."""

    ways: tuple[tuple[tuple, ...], ...]
    """Of each robot, its ways from start to goal; one point is where it is parked."""
    refuges: tuple = ()


@dataclass(frozen=True)
class Body:
    """A robot: where it stands, which way it means to take, what it knows and was advised."""

    at: tuple
    way: int
    changes: int = 0
    """How often it has changed its mind."""
    aside: tuple = ()
    refuge: str = 'unasked'
    place: tuple | None = None
    new: bool = False
    """The place was found after how far to drive was said, so that is nowhere."""
    state: RightOfWayState = RightOfWayState()
    heard: tuple = ()
    """What it knows of each other."""
    said: tuple = ()
    """Its newest intent and the one before."""
    entitled: tuple = ()
    """Where its last advice lets it drive to."""
    speed: float = 0.0


@dataclass(frozen=True)
class State:
    """The robots, what was said to each, and whose turn it is."""

    bodies: tuple[Body, ...]
    claims: tuple
    turn: int = 0

    @property
    def now_ns(self):
        """When the next decision is made; each robot makes two in a second."""
        return START_NS + turn_ns(len(self.bodies))


@dataclass(frozen=True)
class Bounds:
    """What may happen."""

    changes: int = 0
    """How often each may change its mind."""
    silent_ns: int = NS // 2
    """One that has heard nothing for longer hears something, if there is something to hear."""
    deaf: int | None = None
    """Of two this one hears nothing any more but the newest claim, again and again, the other all,
    but the oldest of three claims: only promises are judged, in one order of events."""


@dataclass(frozen=True)
class Found:
    """What the exploration came to."""

    states: int = 0
    fault: str = ''
    stuck: int = 0
    """States from which not all arrive, though nothing is lost any more."""
    whole: bool = False
    """There are no more states than these."""


def turn_ns(count):
    """Between two decisions, whosever [ns]."""
    return NS // (2 * count)


def ahead(world, body, who):
    """The rest of the way that it means to take, in steps of half a metre."""
    way = world.ways[who][body.way]
    if len(way) == 1:
        return ()
    if body.at in way:
        return way[way.index(body.at) + 1 :]
    return rest_back(world, body.at, way)


def rest_back(world, at, way):
    """From a place aside back to the way, and on."""
    for refuge in world.refuges:
        if at in refuge:
            back = refuge[: refuge.index(at)][::-1]
            joint = next(k for k, point in enumerate(back) if point in way)
            return (*back[: joint + 1], *way[way.index(back[joint]) + 1 :])
    raise AssertionError(at)


def seek(world, body, who, advice):
    """How the search for a place off the corridor ends: past nobody, past who stands, or none."""
    stays = {advice.peer, *advice.immovable}
    pushed = [one for one in body.heard if one.agent_id in stays or one.speed_mps > 0.0]
    beyond = [one for one in pushed if one.agent_id != advice.peer]
    for refuge, others in (('found', body.heard), ('found', pushed), ('behind', beyond)):
        path = way_aside(world, body, who, advice.corridor, [one.pose[:2] for one in others])
        if path is not None:
            return refuge, path
    return 'none', ()


def way_aside(world, body, who, corridor, taken):
    """The way to the nearest place off the corridor: back along the way, then aside."""
    keep_m = 2 * RADIUS_M + PARAMS.margin_m
    own = world.ways[who][body.way]
    ways = [own] if len(own) > 1 else [way for of in world.ways for way in of]
    found = []
    for refuge in world.refuges:
        for way in (*ways, *(way[::-1] for way in ways), refuge):
            path = joined(body.at, way, refuge)
            if path and not any(math.dist(p, t) < 0.45 for p in path for t in taken):
                found.append(path)
    free = [p for p in found if all(math.dist(p[-1], c) >= keep_m for c in corridor)]
    return min(free, key=len, default=None)


def joined(at, way, refuge):
    if at in refuge:
        return refuge[refuge.index(at) + 1 :] or (at,)
    if at not in way:
        return None
    on = way[way.index(at) :]
    meets = [k for k, point in enumerate(on) if point == refuge[0]]
    return (*on[1 : meets[0] + 1], *refuge[1:]) if meets else None


def fine(at, points):
    """A path 0.25 m apart, without where it begins."""
    path, before = [], at
    for point in points[: int(FAR_M / 0.5)]:
        path += [((before[0] + point[0]) / 2, (before[1] + point[1]) / 2), point]
        before = point
    return tuple(path)


def me_of(world, body, who):
    path = fine(body.at, ahead(world, body, who))
    return Me(
        agent_id=NAMES[who],
        pose=(*body.at, 0.0),
        speed_mps=body.speed,
        radius_m=RADIUS_M,
        priority=3 if path else 1,
        path=path,
        wants_to_move=bool(path),
        refuge=body.refuge,
        place=body.place,
        aside=fine(body.at, body.aside),
        route=path,
        told=told_by(body),
    )


def told_by(body):
    """Where it was, and the way from there, as its last intent told it."""
    return () if not body.said else (body.said[0].pose[:2], *body.said[0].path)


@cache
def decided(state, inputs):
    return decide_right_of_way(state, inputs, PARAMS)


def act(world, state, fresh, claims, way):
    """One robot hears what is named of each other, decides, says and drives."""
    who, now_ns = state.turn, state.now_ns
    body = state.bodies[who]
    if way != body.way:
        body = replace(body, way=way, changes=body.changes + 1)
    body = replace(body, heard=heard_after(state, fresh))
    inputs = RightOfWayInputs(
        now_ns=now_ns, me=me_of(world, body, who), peers=body.heard, claims=claims
    )
    rights, out = decided(body.state, inputs)
    body = driven(world, obeyed(world, replace(body, state=rights), who, out.advice), who, out)
    said = said_of(world, body, who, out, now_ns)
    body = replace(body, said=(said, *body.said[:1]))
    bodies = tuple(body if k == who else one for k, one in enumerate(state.bodies))
    pools = tuple(
        (*(claim for claim in out.claims if claim.to_agent == NAMES[k]), *pool)[:KEPT_CLAIMS]
        for k, pool in enumerate(state.claims)
    )
    return State(bodies, pools, (who + 1) % len(bodies))


def heard_after(state, fresh):
    """What is known of each other when of each this of its intents was heard, or none."""
    heard = {one.agent_id: one for one in state.bodies[state.turn].heard}
    for k, which in fresh.items():
        if which is not None:
            heard[NAMES[k]] = replace(state.bodies[k].said[which], heard_ns=state.now_ns)
    return tuple(one for _, one in sorted(heard.items()))


def obeyed(world, body, who, advice):
    """Look for a place to step aside to when advised, forget it when not."""
    if advice.kind != 'make_way':
        return replace(body, refuge='unasked', place=None, aside=())
    keep_m = 2 * RADIUS_M + PARAMS.margin_m
    gone = body.place and any(math.dist(body.place, c) < keep_m - 0.05 for c in advice.corridor)
    if body.refuge in {'found', 'behind', 'reached'} and not gone:
        return body
    refuge, path = seek(world, body, who, advice)
    return replace(body, refuge=refuge, place=path[-1] if path else None, aside=path, new=True)


def driven(world, body, who, out):
    aside = out.advice.kind == 'make_way'
    points = body.aside if aside else ahead(world, body, who)
    limit_m = 0.0 if body.new else out.advice.stop_after_m
    body = replace(body, new=False)
    goes = tuple(p for k, p in enumerate(points[:12]) if 0.5 * (k + 1) <= limit_m + 1e-9)
    if not goes:
        return replace(body, entitled=(), speed=0.0)
    body = replace(body, at=goes[0], entitled=goes[1:], speed=1.0)
    if not aside:
        return body
    rest = body.aside[1:]
    return replace(body, aside=rest, refuge=body.refuge if rest else 'reached')


def said_of(world, body, who, out, now_ns):
    aside = out.advice.kind == 'make_way'
    path = body.aside if aside else ahead(world, body, who)
    return Peer(
        agent_id=NAMES[who],
        heard_ns=now_ns,
        pose=(*body.at, 0.0),
        speed_mps=body.speed,
        radius_m=RADIUS_M,
        priority=3,
        waited_ms=out.waited_ms,
        state=out.state,
        path=fine(body.at, path),
        yields_to=out.yields_to,
        cannot_yield=out.cannot_yield,
        alive=True,
        word=out.word,
    )


def after(world, state, bounds):
    """Every state that may follow when the one whose turn it is acts."""
    who = state.turn
    body = state.bodies[who]
    ways = [body.way]
    if body.changes < bounds.changes:
        ways += [k for k, way in enumerate(world.ways[who]) if k != body.way and body.at in way]
    mails = [(), *((claim,) for claim in state.claims[who])]
    if bounds.deaf is not None:
        mails = [state.claims[who][:1]] if who == bounds.deaf else mails[-1:]
    others = [k for k in range(len(state.bodies)) if k != who]
    news = [hears(state, k, bounds) for k in others]
    for way, fresh, mail in itertools.product(ways, itertools.product(*news), mails):
        yield act(world, state, dict(zip(others, fresh, strict=True)), mail, way)


def hears(state, other, bounds):
    """Which of another's intents may be heard now, newest first; None is none."""
    heard = known_of(state, other)
    newer = [k for k, said in enumerate(state.bodies[other].said) if not older(heard, said)]
    if bounds.deaf is not None:
        return [None] if bounds.deaf == state.turn else newer[:1] or [None]
    if not newer or state.now_ns - heard.heard_ns <= bounds.silent_ns:
        newer.append(None)
    return newer


def known_of(state, other):
    """What the one whose turn it is knows of another."""
    heard = state.bodies[state.turn].heard
    return next((one for one in heard if one.agent_id == NAMES[other]), None)


def newest(state):
    """To hear the newest of all others."""
    others = [k for k in range(len(state.bodies)) if k != state.turn]
    known = {k: [known_of(state, k), *state.bodies[k].said[:1]] for k in others}
    return {k: 0 for k, one in known.items() if len(one) > 1 and not older(*one)}


def greeted(world):
    """All stand where they start and have heard each other."""
    count = len(world.ways)
    bodies = tuple(Body(at=ways[0][0], way=0) for ways in world.ways)
    state = State(bodies, ((),) * count)
    for _ in range(2 * count - 1):
        state = named(act(world, state, newest(state), (), 0))
    return state


def older(heard, said):
    return heard is not None and said.word.said_ns <= heard.word.said_ns


def fault_of(state, bounds):
    """What must not be, in words."""
    faults = (faulty(*pair, bounds) for pair in itertools.combinations(state.bodies, 2))
    return next(filter(None, faults), '')


def faulty(one, two, bounds):
    if broken(one, two) or broken(two, one):
        return 'one goes by a promise that the other is not bound by'
    if bounds.deaf is not None:
        return ''
    if math.dist(one.at, two.at) < 2 * RADIUS_M:
        return 'they touch'
    return 'both may drive to the same place' if shares(one, two) else ''


def broken(mine, its):
    """Whether one goes by a promise for which the other is not bound any more."""
    bonds = {bond.claim_id for bond in its.state.bonds}
    granted = (one for one in mine.state.encounters if one.granted)
    own = [one for one in granted if its.said and one.peer == its.said[0].agent_id]
    return any(one.claim_id not in bonds for one in own)


def shares(one, two):
    return any(math.dist(p, q) < 2 * RADIUS_M for p in one.entitled for q in two.entitled)


def explore(world, bounds=None, *, most=150):
    """The first so many states that can be reached, by the number of decisions to them."""
    bounds = bounds or Bounds()
    decided.cache_clear()
    start = greeted(world)
    found, seen, edge = Found(), {start}, deque([start])
    while edge:
        state = edge.popleft()
        for following in after(world, state, bounds):
            fault = fault_of(following, bounds)
            if fault:
                return replace(found, states=len(seen), fault=fault)
            moved = named(following)
            if moved not in seen and len(seen) < most:
                seen.add(moved)
                edge.append(moved)
    found = replace(found, states=len(seen), whole=len(seen) < most)
    if bounds.deaf is not None:
        return found
    home = {}
    return replace(found, stuck=sum(not ends_well(world, state, home) for state in seen))


def ends_well(world, state, known_ends):
    """Whether all arrive from here, when all is heard from now on."""
    trail = []
    while len(trail) < LONGEST and state not in known_ends and not home(world, state):
        trail.append(state)
        state = all_heard(world, state)
    good = known_ends.get(state, home(world, state))
    known_ends.update(dict.fromkeys(trail, good))
    return good


def all_heard(world, state):
    """The state after the next decision, all that was said being heard."""
    mail = state.claims[state.turn][::-1]
    following = act(world, state, newest(state), mail, state.bodies[state.turn].way)
    pools = tuple(() if k == state.turn else pool for k, pool in enumerate(following.claims))
    return named(replace(following, claims=pools))


def home(world, state):
    return all(not ahead(world, body, who) for who, body in enumerate(state.bodies))


def named(state):
    """The state as if it were the start: times shifted, the old in order only, claims renamed."""
    times, ids = set(), set()
    collect(state, times, ids)
    step_ns = turn_ns(len(state.bodies))
    old = sorted(time for time in times if time < START_NS + step_ns - OLD_NS)
    moved = {time: time - step_ns for time in times}
    moved |= {time: START_NS - OLD_NS - len(old) + k for k, time in enumerate(old)}
    by_age = sorted(ids, key=lambda one: int(one.split('@')[1]))
    moved |= {one: f'{one.split("@")[0]}@{k}' for k, one in enumerate(by_age)}
    return renamed(state, moved)


def collect(value, times, ids):
    kind = type(value)
    if kind is int:
        if value > 500 * NS:
            times.add(value)
    elif kind is str:
        if '@' in value:
            ids.add(value)
    elif kind is tuple:
        if not is_path(value):
            for one in value:
                collect(one, times, ids)
    elif kind in FIELDS:
        for one in FIELDS[kind]:
            collect(getattr(value, one), times, ids)


def is_path(value):
    """Whether these are points or a point."""
    first = value[0] if value else 0.0
    return type(first) is float or (
        type(first) is tuple and first[:1] != () and type(first[0]) is float
    )


def fields_of(*kinds):
    """Of each kind the fields in which times or names of claims may be."""
    plain = {'path', 'route', 'aside', 'pose', 'at', 'place', 'origin', 'entitled', 'corridor'}
    return {
        kind: [one.name for one in dataclasses.fields(kind) if one.name not in plain]
        for kind in kinds
    }


FIELDS = fields_of(
    State, Body, Peer, Claim, Word, OpenClaim, Binding, Heard, RightOfWayState, Encounter, Bond
)


def renamed(value, moved):
    kind = type(value)
    if kind is int or kind is str:
        return moved.get(value, value)
    if kind is tuple:
        if is_path(value):
            return value
        return tuple([renamed(one, moved) for one in value])
    if kind not in FIELDS:
        return value
    fields = {}
    for one in FIELDS[kind]:
        before = getattr(value, one)
        now = renamed(before, moved)
        if one in MOST:
            now = min(now, MOST[one])
        if now is not before:
            fields[one] = now
    return replace(value, **fields) if fields else value


def line(*corners):
    """Points half a metre apart along a line, corners included."""
    points = [tuple(map(float, corners[0]))]
    for corner in corners[1:]:
        start = points[-1]
        count = round(math.dist(start, corner) / 0.5)
        points += [
            tuple(a + (b - a) * k / count for a, b in zip(start, corner, strict=True))
            for k in range(1, count + 1)
        ]
    return tuple(points)
