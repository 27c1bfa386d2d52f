# SPDX-License-Identifier: Apache-2.0
"""All that can happen to two robots that settle right of way by the real core, in any order.

Robots drive from point to point of a small map, half a metre at most each time they decide, which
they do in turn, each twice a second. Whenever one decides, it hears the other's newest intent, the
one before, or none, and any one of the claims that were said to it and not forgotten, or none; so
messages are late, lost, doubled and out of order. Where the map has two ways, a robot may change
its mind. Times are shifted and claims renamed, so that what is the same in all but that is one
state.
"""

import dataclasses
import math
from collections import deque
from dataclasses import dataclass, replace
from functools import cache

from swarm_agent.mesh.core import (
    Binding,
    Claim,
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
TURN_NS = NS // 4
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


@dataclass(frozen=True)
class Map:
    """Points half a metre apart, ways of each robot over them, places to step aside to."""

    ways: tuple[tuple[tuple, ...], ...]
    """Of each robot, its ways from start to goal; they begin alike."""
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
    state: RightOfWayState = RightOfWayState()
    heard: Peer | None = None
    said: tuple = ()
    """Its newest intent and the one before."""
    entitled: tuple = ()
    """Where its last advice lets it drive to."""
    speed: float = 0.0


@dataclass(frozen=True)
class State:
    """Both robots, what was said to each, and whose turn it is."""

    bodies: tuple[Body, Body]
    claims: tuple = ((), ())
    turn: int = 0


@dataclass(frozen=True)
class Bounds:
    """What may happen."""

    changes: int = 0
    """How often each may change its mind."""
    silent_ns: int = 2 * TURN_NS
    """One that has heard nothing for longer hears something, if there is something to hear."""
    deaf: int | None = None
    """This one hears nothing any more but the newest claim, again and again, the other all, but
    the oldest of three claims: only promises are judged, in one order of events."""


@dataclass(frozen=True)
class Found:
    """What the exploration came to."""

    states: int = 0
    fault: str = ''
    stuck: int = 0
    """States from which not both arrive, though nothing is lost any more."""
    whole: bool = False
    """There are no more states than these."""


def ahead(world, body, who):
    """The rest of the way that it means to take, at most 6 m in steps of half a metre."""
    way = world.ways[who][body.way]
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


def seek(world, body, who, corridor, keep_m):
    """The way to the nearest place off the corridor: back along the own way, then aside."""
    taken = [body.heard.pose[:2]]
    found = []
    for refuge in world.refuges:
        for way in (world.ways[who][body.way], world.ways[who][body.way][::-1], refuge):
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
        agent_id='ab'[who],
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
    )


@cache
def decided(state, inputs):
    return decide_right_of_way(state, inputs, PARAMS)


def act(world, state, fresh, claims, now_ns, way):
    """One robot hears, decides, says, drives; None if a wish to change its mind is idle."""
    who = state.turn
    body, other = state.bodies[who], state.bodies[1 - who]
    if way != body.way:
        body = replace(body, way=way, changes=body.changes + 1)
    if fresh is not None:
        body = replace(body, heard=replace(other.said[fresh], heard_ns=now_ns))
    peers = () if body.heard is None else (body.heard,)
    inputs = RightOfWayInputs(
        now_ns=now_ns, me=me_of(world, body, who), peers=peers, claims=claims
    )
    rights, out = decided(body.state, inputs)
    body = driven(world, obeyed(world, replace(body, state=rights), who, out.advice), who, out)
    said = said_of(world, body, who, out, now_ns)
    body = replace(body, said=(said, *body.said[:1]))
    bodies = (body, other) if who == 0 else (other, body)
    pools = list(state.claims)
    pools[1 - who] = (*out.claims, *pools[1 - who])[:KEPT_CLAIMS]
    return State(bodies, tuple(pools), 1 - who)


def obeyed(world, body, who, advice):
    """Look for a place to step aside to when advised, forget it when not."""
    if advice.kind != 'make_way':
        return replace(body, refuge='unasked', place=None, aside=())
    keep_m = 2 * RADIUS_M + PARAMS.margin_m
    gone = body.place and any(math.dist(body.place, c) < keep_m - 0.05 for c in advice.corridor)
    if body.refuge in {'found', 'reached'} and not gone:
        return body
    path = seek(world, body, who, advice.corridor, keep_m)
    if path is None:
        return replace(body, refuge='none', place=None, aside=())
    return replace(body, refuge='found', place=path[-1], aside=path)


def driven(world, body, who, out):
    aside = out.advice.kind == 'make_way'
    points = body.aside if aside else ahead(world, body, who)
    limit_m = out.advice.stop_after_m
    goes = tuple(p for k, p in enumerate(points[:12]) if 0.5 * (k + 1) <= limit_m + 1e-9)
    if not goes:
        return replace(body, entitled=(), speed=0.0)
    body = replace(body, at=goes[0], entitled=goes[1:], speed=1.0)
    if not aside:
        return body
    rest = body.aside[1:]
    return replace(body, aside=rest, refuge='found' if rest else 'reached')


def said_of(world, body, who, out, now_ns):
    aside = out.advice.kind == 'make_way'
    path = body.aside if aside else ahead(world, body, who)
    return Peer(
        agent_id='ab'[who],
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


def after(world, state, now_ns, bounds):
    """Every state that may follow when the one whose turn it is acts."""
    who = state.turn
    body = state.bodies[who]
    ways = [body.way]
    if body.changes < bounds.changes:
        ways += [k for k, way in enumerate(world.ways[who]) if k != body.way and body.at in way]
    mails = [(), *((claim,) for claim in state.claims[who])]
    if bounds.deaf is not None:
        mails = [state.claims[who][:1]] if who == bounds.deaf else mails[-1:]
    for way in ways:
        for fresh in hears(state, now_ns, bounds):
            for mail in mails:
                yield act(world, state, fresh, mail, now_ns, way)


def hears(state, now_ns, bounds):
    """Which of the other's intents may be heard now, newest first; None is none."""
    body, other = state.bodies[state.turn], state.bodies[1 - state.turn]
    newer = [k for k, said in enumerate(other.said) if not older(body.heard, said)]
    if bounds.deaf is not None:
        return [None] if bounds.deaf == state.turn else newer[:1] or [None]
    if not newer or now_ns - body.heard.heard_ns <= bounds.silent_ns:
        newer.append(None)
    return newer


def greeted(world):
    """Both stand where they start and have heard each other."""
    state = State(tuple(Body(at=world.ways[who][0][0], way=0) for who in (0, 1)))
    for fresh in (None, 0, 0):
        state = named(act(world, state, fresh, (), START_NS + TURN_NS, 0))
    return state


def older(heard, said):
    return heard is not None and said.word.said_ns <= heard.word.said_ns


def fault_of(state, bounds):
    """What must not be, in words."""
    one, two = state.bodies
    if broken(one, two) or broken(two, one):
        return 'one goes by a promise that the other is not bound by'
    if bounds.deaf is not None:
        return ''
    if math.dist(one.at, two.at) < 2 * RADIUS_M:
        return 'they touch'
    return 'both may drive to the same place' if known(one, two) and shares(one, two) else ''


def broken(mine, its):
    """Whether one goes by a promise for which the other is not bound any more."""
    bonds = {bond.claim_id for bond in its.state.bonds}
    return any(one.granted and one.claim_id not in bonds for one in mine.state.encounters)


def known(one, two):
    """Whether at least one knows the way that the other means to drive now."""
    return any(
        mine.heard is not None and ends(mine.heard.path, its.said[0].path)
        for mine, its in ((one, two), (two, one))
        if its.said
    )


def ends(told, now):
    return told[len(told) - len(now) :] == now or (told and now and told[-1] in now)


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
        for following in after(world, state, START_NS + TURN_NS, bounds):
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
    """Whether both arrive from here, when all is heard from now on."""
    trail = []
    while len(trail) < LONGEST and state not in known_ends and not home(world, state):
        trail.append(state)
        state = all_heard(world, state)
    good = known_ends.get(state, home(world, state))
    known_ends.update(dict.fromkeys(trail, good))
    return good


def all_heard(world, state):
    """The state after the next decision, all that was said being heard."""
    body, other = state.bodies[state.turn], state.bodies[1 - state.turn]
    fresh = None if older(body.heard, other.said[0]) else 0
    mail = state.claims[state.turn][::-1]
    following = act(world, state, fresh, mail, START_NS + TURN_NS, body.way)
    pools = tuple(() if k == state.turn else pool for k, pool in enumerate(following.claims))
    return named(replace(following, claims=pools))


def home(world, state):
    return all(not ahead(world, body, who) for who, body in enumerate(state.bodies))


def named(state):
    """The state as if it were the start: times shifted, the old in order only, claims renamed."""
    times, ids = set(), set()
    collect(state, times, ids)
    old = sorted(time for time in times if time < START_NS + TURN_NS - OLD_NS)
    moved = {time: time - TURN_NS for time in times}
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
    State, Body, Peer, Claim, Word, OpenClaim, Binding, RightOfWayState, Encounter, Bond
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
