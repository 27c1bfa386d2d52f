# SPDX-License-Identifier: Apache-2.0
"""Who goes first when two robots want the same floor, decided by each robot for itself.

docs/protocol.md describes the protocol; this module runs it for all peers in one tick.
"""

import math
from dataclasses import dataclass

from swarm_agent.mesh.core.bonds import (
    MOST_TOLD,
    Bond,
    awaits,
    binding,
    promised,
    room_beside,
    still_bound,
)
from swarm_agent.mesh.core.encounter import NS, STANDS_MPS, Encounter, Scene, Step
from swarm_agent.mesh.core.mail import read_claim
from swarm_agent.mesh.core.meet_peer import meet_peer
from swarm_agent.mesh.core.news import Told, hearing, room_told, told_after
from swarm_agent.mesh.core.params import RightOfWayParams
from swarm_agent.mesh.core.passing import covered_m
from swarm_agent.mesh.core.paths import HORIZON_M, Way, way_of
from swarm_agent.mesh.core.rank import Standing, standing_of
from swarm_agent.mesh.core.types import (
    Advice,
    ClaimKind,
    OpenClaim,
    Peer,
    PeerState,
    Polyline,
    RightOfWayInputs,
    RightOfWayOutputs,
    Word,
)
from swarm_agent.mesh.core.yielding import HOLD_M
from swarm_vault.replacing import replace

HELD_M = 0.3
"""A robot that may drive less than this is being kept waiting [m]."""
FREE_NS = 3 * NS
"""Free to go for this long, it has not waited at all [ns]."""
CLOSED_NS = 2 * NS
"""For this long after an encounter its claims are taken for late copies [ns]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RightOfWayState:
    """What is remembered from tick to tick."""

    encounters: tuple[Encounter, ...] = ()
    bonds: tuple[Bond, ...] = ()
    """What others may still go by of what this robot promised; one for each of them."""
    closed: tuple[tuple[str, int], ...] = ()
    """Claim id and time [ns] of each encounter that just ended; late copies are ignored."""
    doubted: tuple[tuple[str, int], ...] = ()
    """Peers that broke a promise, and until when they are believed less [ns]."""
    aside_for: str = ''
    """The peer for which the last advice was to make way."""
    barring: tuple[str, int] = ('', -1)
    """Whose body bars the way to the refuge, and since when [ns]."""
    immovable: tuple[str, ...] = ()
    """Who barred it for too long, as long as this robot makes way for the same peer."""
    shut: bool = False
    """One of those bars the way to the other place as well."""
    waited_ns: int = 0
    """How long this robot has been kept waiting [ns]."""
    free_ns: int = 0
    """How long it has been free to go since [ns]."""
    told: Told = ()
    """What intents told of the own way that some peer may not know yet, or not better."""
    last_ns: int = -1
    """When the last tick was [ns]; negative before the first."""


def decide_right_of_way(
    state: RightOfWayState, inputs: RightOfWayInputs, params: RightOfWayParams
) -> tuple[RightOfWayState, RightOfWayOutputs]:
    """Settle right of way for one tick, towards every peer that is or was just heard."""
    state = replace(state, told=told_after(state.told, state.last_ns, inputs, params))
    inputs = _without_refuge(inputs) if state.shut else inputs
    state = _still_bound(state, inputs, params)
    ways = _Ways.of(state, inputs)
    scenes = [
        _scene(state, inputs, params, ways, peer)
        for peer in sorted(inputs.peers, key=lambda peer: peer.agent_id)
        if _concerns(state, inputs, params, peer)
    ]
    steps = [meet_peer(scene, _read_claims(state, inputs, scene)) for scene in scenes]
    state = replace(state, bonds=_bonds_after(state, steps))
    steps = [_held_to(state, *pair) for pair in zip(scenes, steps, strict=True)]
    way = _driven(inputs, steps)
    steps = [_as_told(state, way, *pair) for pair in zip(scenes, steps, strict=True)]
    state = _watch_barring(state, inputs, params, scenes, steps)
    advice = _advise(state, scenes, steps)
    state = _remember(state, inputs, steps, advice, params)
    return state, _conclude(state, inputs, scenes, steps, advice)


def _without_refuge(inputs: RightOfWayInputs) -> RightOfWayInputs:
    """A place to which one that stays bars the way is none."""
    return replace(inputs, me=replace(inputs.me, refuge='none', place=None))


def _still_bound(
    state: RightOfWayState, inputs: RightOfWayInputs, params: RightOfWayParams
) -> RightOfWayState:
    if not state.bonds:
        return state
    own = {one.claim_id for one in state.encounters if one.role == 'passes'}
    return replace(state, bonds=still_bound(state.bonds, inputs, own, params))


def _bonds_after(state: RightOfWayState, steps: list[Step]) -> tuple[Bond, ...]:
    """The bonds with what is promised in this tick."""
    bonds = {bond.peer: bond for bond in state.bonds}
    for step in steps:
        for claim in step.claims:
            if claim.kind == ClaimKind.PROMISE and step.encounter is not None:
                before = bonds.get(claim.to_agent)
                bonds[claim.to_agent] = promised(before, claim, step.encounter.route)
    return tuple(sorted(bonds.values(), key=lambda bond: bond.peer))


def _held_to(state: RightOfWayState, scene: Scene, step: Step) -> Step:
    """Keep out of what the peer may drive over by an earlier promise, whatever is agreed now."""
    bond = _bond(state, scene.peer.agent_id)
    if bond is None or scene.parked:
        return step
    stepping = step.encounter is not None and step.encounter.stepping
    if stepping and step.make_way and scene.refuge_asked:
        return replace(step, limit_m=0.0) if awaits(bond, scene.peer) else step
    keep_m = scene.place_m - (HOLD_M if stepping else 0.0)
    room = room_beside(bond, scene.way, scene.peer_at, keep_m, scene.least_m)
    return replace(step, limit_m=min(step.limit_m, room))


def _driven(inputs: RightOfWayInputs, steps: list[Step]) -> Way:
    """Where this robot drives by what is decided in this tick."""
    me = inputs.me
    mission = me.path if me.wants_to_move else ()
    return way_of(me.pose[:2], me.aside if any(step.make_way for step in steps) else mission)


def _as_told(state: RightOfWayState, way: Way, scene: Scene, step: Step) -> Step:
    """Drive no farther than the peer knows of, or promised to let this robot drive."""
    room_m = room_told(scene, way, state.told)
    if room_m >= step.limit_m:
        return step
    passes = step.encounter is not None and step.encounter.granted
    if passes and step.encounter is not None:
        room_m = max(room_m, covered_m(replace(scene, way=way), step.encounter))
    return replace(step, limit_m=min(step.limit_m, room_m), reason=step.reason or 'tells its way')


def _bond(state: RightOfWayState, peer: str) -> Bond | None:
    return next((bond for bond in state.bonds if bond.peer == peer), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """Where this robot drives: as the one it makes way for sees it, and as all others do."""

    mission: Way
    driven: Way
    patron: str
    """The peer that this robot is making way for, empty if none."""
    retreating: bool = False
    """It wants nothing but to get out, past the patron itself."""

    @classmethod
    def of(cls, state: RightOfWayState, inputs: RightOfWayInputs) -> '_Ways':
        me = inputs.me
        at = (me.pose[0], me.pose[1])
        mission = way_of(at, me.path if me.wants_to_move else ())
        encounter = _find(state, state.aside_for)
        if encounter is None or not (encounter.stepping or encounter.retreating):
            return cls(mission=mission, driven=mission, patron='')
        aside = way_of(at, me.aside)
        out = encounter.retreating
        return cls(
            mission=aside if out else mission,
            driven=aside,
            patron=state.aside_for,
            retreating=out,
        )


def _scene(
    state: RightOfWayState,
    inputs: RightOfWayInputs,
    params: RightOfWayParams,
    ways: _Ways,
    peer: Peer,
) -> Scene:
    me = inputs.me
    is_patron = peer.agent_id == ways.patron
    inherits = bool(me.aside) and not is_patron
    patrons = [other.priority for other in inputs.peers if other.agent_id == ways.patron]
    mine = Standing(
        agent_id=me.agent_id,
        priority=max([me.priority, *(patrons if inherits else [])]),
        waited_ms=state.waited_ns // 1_000_000,
    )
    quiet = inputs.now_ns - peer.heard_ns > params.silence_s * NS or not peer.alive
    return Scene(
        now_ns=inputs.now_ns,
        me=me,
        way=ways.mission if is_patron else ways.driven,
        parked=not (me.wants_to_move or ways.retreating) and (is_patron or not ways.patron),
        peer=peer,
        its_way=way_of((peer.pose[0], peer.pose[1]), () if quiet else peer.path),
        quiet=quiet,
        mine=mine,
        its=standing_of(peer, inputs.peers, mine),
        stood_s=state.waited_ns / NS,
        doubted=any(name == peer.agent_id for name, _ in state.doubted),
        bond=_bond(state, peer.agent_id),
        refuge_asked=state.aside_for == peer.agent_id,
        params=params,
    )


def _concerns(
    state: RightOfWayState, inputs: RightOfWayInputs, params: RightOfWayParams, peer: Peer
) -> bool:
    """Whether a peer is near enough, or an encounter with it is open, and it is not forgotten."""
    silent_s = (inputs.now_ns - peer.heard_ns) / NS
    known = silent_s <= params.silence_s + params.ghost_s and peer.agent_id != inputs.me.agent_id
    near = math.dist(inputs.me.pose[:2], peer.pose[:2]) <= 2.0 * HORIZON_M + 2.0
    bound = _bond(state, peer.agent_id) is not None
    return bound or (known and (near or _find(state, peer.agent_id) is not None))


def _find(state: RightOfWayState, peer: str) -> Encounter | None:
    return next((one for one in state.encounters if one.peer == peer), None)


def _read_claims(
    state: RightOfWayState, inputs: RightOfWayInputs, scene: Scene
) -> Encounter | None:
    encounter = _find(state, scene.peer.agent_id)
    bound = scene.bond.claim_id if scene.bond is not None else ''
    closed = {claim_id for claim_id, _ in state.closed} - {bound}
    for claim in inputs.claims:
        if claim.from_agent == scene.peer.agent_id and claim.claim_id not in closed:
            encounter = read_claim(scene, encounter, claim)
    return encounter


def _watch_barring(
    state: RightOfWayState,
    inputs: RightOfWayInputs,
    params: RightOfWayParams,
    scenes: list[Scene],
    steps: list[Step],
) -> RightOfWayState:
    """Note who stands on the way to the refuge; the patron itself is watched in its encounter."""
    me = inputs.me
    state = replace(state, shut=False)
    driving = me.refuge == 'found' and me.speed_mps < STANDS_MPS
    bars = [
        (step.limit_m, scene.peer.agent_id)
        for scene, step in zip(scenes, steps, strict=True)
        if scene.peer.agent_id != state.aside_for and scene.peer.speed_mps < STANDS_MPS
    ]
    limit_m, name = min(bars, default=(math.inf, ''))
    if not (driving and state.aside_for) or limit_m > 0.0:
        return replace(state, barring=('', -1))
    since_ns = state.barring[1] if state.barring[0] == name else inputs.now_ns
    if inputs.now_ns - since_ns < params.barred_s * NS:
        return replace(state, barring=(name, since_ns))
    if name in state.immovable:
        return replace(state, barring=('', -1), shut=True)
    return replace(state, barring=('', -1), immovable=(*state.immovable, name))


def _advise(state: RightOfWayState, scenes: list[Scene], steps: list[Step]) -> Advice:
    pairs = list(zip(scenes, steps, strict=True))
    patrons = [(scene, step) for scene, step in pairs if step.make_way]
    if patrons:
        return _make_way(state, patrons, pairs)
    if not scenes or scenes[0].parked:
        return Advice()
    scene, step = min(pairs, key=lambda pair: pair[1].limit_m)
    if step.limit_m == math.inf:
        return Advice()
    return Advice(
        kind='wait', peer=scene.peer.agent_id, stop_after_m=step.limit_m, reason=step.reason
    )


def _make_way(
    state: RightOfWayState,
    patrons: list[tuple[Scene, Step]],
    pairs: list[tuple[Scene, Step]],
) -> Advice:
    """Make way for the highest of those that want it, to where all of them get past.

    A place that is free for the highest alone may be in another's way: that one waits for it, and
    if the highest waits for that one, all stand. If the way to such a place was barred by one that
    did not move, a place for the highest alone is better than none.
    """
    scene, step = patrons[0]
    for other, its_step in patrons[1:]:
        if other.its.outranks(scene.its, scene.params.aging_s):
            scene, step = other, its_step
    immovable = state.immovable if state.aside_for == scene.peer.agent_id else ()
    others = [pair for pair in patrons if pair[0] is not scene and not immovable]
    ways = (_corridor(*pair) for pair in ((scene, step), *others))
    return Advice(
        kind='make_way',
        peer=scene.peer.agent_id,
        stop_after_m=min(one.limit_m for _, one in pairs),
        corridor=tuple(point for way in ways for point in way),
        immovable=immovable,
        reason=step.reason,
    )


def _corridor(scene: Scene, step: Step) -> Polyline:
    """Where the peer goes now, and after that by its request."""
    path = scene.peer.path
    route = step.encounter.route if step.encounter is not None else ()
    if not path or not route:
        return path or route
    joint = min(range(len(route)), key=lambda k: math.dist(route[k], path[-1]))
    return (*path, *route[joint + 1 :])


def _remember(
    state: RightOfWayState,
    inputs: RightOfWayInputs,
    steps: list[Step],
    advice: Advice,
    params: RightOfWayParams,
) -> RightOfWayState:
    encounters = tuple(step.encounter for step in steps if step.encounter is not None)
    kept = {encounter.claim_id for encounter in encounters}
    now = inputs.now_ns
    ended = tuple((one.claim_id, now) for one in state.encounters if one.claim_id not in kept)
    elapsed = max(0, inputs.now_ns - state.last_ns) if state.last_ns >= 0 else 0
    held = advice.kind != 'go' and advice.stop_after_m < HELD_M
    held = held or (inputs.me.wants_to_move and advice.kind == 'make_way')
    free = 0 if held else state.free_ns + elapsed
    waited = state.waited_ns + elapsed if held else state.waited_ns
    return replace(
        state,
        encounters=encounters,
        closed=tuple(one for one in (*state.closed, *ended) if now - one[1] < CLOSED_NS),
        doubted=_doubted(state, inputs, steps, params),
        aside_for=advice.peer if advice.kind == 'make_way' else '',
        immovable=advice.immovable,
        waited_ns=0 if free >= FREE_NS else waited,
        free_ns=free,
        last_ns=inputs.now_ns,
    )


def _doubted(
    state: RightOfWayState,
    inputs: RightOfWayInputs,
    steps: list[Step],
    params: RightOfWayParams,
) -> tuple[tuple[str, int], ...]:
    """Whom to believe less: those that broke a promise, for a while."""
    doubted = {name: until for name, until in state.doubted if inputs.now_ns < until}
    for step in steps:
        if step.encounter is not None and step.encounter.broken:
            doubted[step.encounter.peer] = inputs.now_ns + round(params.doubt_s * NS)
    return tuple(sorted(doubted.items()))


def _conclude(
    state: RightOfWayState,
    inputs: RightOfWayInputs,
    scenes: list[Scene],
    steps: list[Step],
    advice: Advice,
) -> RightOfWayOutputs:
    return RightOfWayOutputs(
        advice=advice,
        claims=tuple(claim for step in steps for claim in step.claims),
        state=_peer_state(inputs, advice),
        yields_to=advice.peer if advice.kind == 'make_way' else _first_lord(scenes, steps),
        cannot_yield=any(step.cannot_yield for step in steps),
        waited_ms=state.waited_ns // 1_000_000,
        settled=tuple(one for step in steps for one in step.settled),
        violations=tuple(text for step in steps for text in step.violations),
        word=_word(state, inputs, scenes),
    )


def _word(state: RightOfWayState, inputs: RightOfWayInputs, scenes: list[Scene]) -> Word:
    """What to tell of the own claims and promises."""
    peers = {peer.agent_id: peer for peer in inputs.peers}
    claims = [one for one in state.encounters if one.role == 'passes']
    bonds = state.bonds[:MOST_TOLD]
    return Word(
        said_ns=inputs.now_ns,
        open=tuple(
            OpenClaim(claim_id=one.claim_id, promised_ns=one.promised_ns) for one in claims
        ),
        bound=tuple(binding(bond, peers.get(bond.peer)) for bond in bonds),
        heard=hearing(inputs, scenes),
    )


def _first_lord(scenes: list[Scene], steps: list[Step]) -> str:
    """The peer that stops this robot first, of those that it lets pass."""
    lords = [
        (step.limit_m, scene.peer.agent_id)
        for scene, step in zip(scenes, steps, strict=True)
        if step.encounter is not None and step.encounter.role == 'yields'
    ]
    return min(lords)[1] if lords else ''


def _peer_state(inputs: RightOfWayInputs, advice: Advice) -> PeerState:
    if advice.kind == 'make_way':
        return PeerState.YIELDING
    if not inputs.me.wants_to_move:
        return PeerState.IDLE
    return PeerState.WAITING if advice.stop_after_m < HELD_M else PeerState.MOVING
