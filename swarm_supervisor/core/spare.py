# SPDX-License-Identifier: Apache-2.0
"""What of a survey order that its robot will not do is anybody's to take: nobody else has it.

While the link is cut the robots of a crew take a lost one's part over among themselves. The
supervisor learns of that when they are linked again, and gives way: it gives away only cells for
which nobody answers, and waits where it cannot know yet. Three rules, in this order:

1. What is seen, and what the crew says is seen, nobody needs to see again.
2. Nobody is decided about while a robot that was out of reach has not told what it holds, nor
   while its peers still hear the robot whose order it is.
3. What others hold they keep. Whose hold stands in no open order of the supervisor's own books
   is waited for; only then is the order itself the last that knows of the cells.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from swarm_config.maps import Mask
from swarm_supervisor.core.cells import pack_cells, unpack_cells
from swarm_vault.core import Core


class Verdict(str, Enum):
    """What is to be done about an order."""

    NOTHING_LEFT = 'nothing_left'
    """What is left of it is not worth a trip."""
    WAIT = 'wait'
    """It stays as it is for now."""
    GIVE_AWAY = 'give_away'


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareParams:
    """What holds for all orders of one supervisor."""

    rows: int
    cols: int
    """Of the survey grid."""
    least_cells: float = 0.0
    """Fewer cells are not worth a trip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Cells for which a robot answers."""

    agent_id: str
    bits: bytes
    done: bool = False
    """They are told to be seen."""
    booked: bool = True
    """An open order of the supervisor's own books covers them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareInputs:
    """One order that its robot will not do."""

    now_ns: int
    order_id: str
    area: bytes
    """Its cells, packed."""
    seen: bytes
    """What has been seen since its mission began, packed."""
    claims: tuple[Claim, ...] = ()
    """What others answer for."""
    awaited: tuple[str, ...] = ()
    """Robots of the mission that were out of reach and have not told what they hold."""
    heard_by: tuple[str, ...] = ()
    """Peers that still hear the robot whose order it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spare:
    """What is anybody's to take."""

    verdict: Verdict
    reason: str
    free: bytes
    """Cells that nobody has, packed."""
    held: bytes
    """Unseen cells that others have, packed."""
    waits_for: tuple[str, ...] = ()
    """Robots without whose word or deed it is not given away."""


def decide_spare(state: None, inputs: SpareInputs, params: SpareParams) -> tuple[None, Spare]:
    """Judge one order; see the rules above."""
    shape = (params.rows, params.cols)
    wanted = unpack_cells(inputs.area, shape) & ~unpack_cells(inputs.seen, shape)
    for claim in inputs.claims:
        if claim.done:
            wanted &= ~unpack_cells(claim.bits, shape)
    held, holders = np.zeros(shape, dtype=np.bool_), dict[str, int]()
    for claim in inputs.claims:
        cells = unpack_cells(claim.bits, shape) & wanted & ~held
        if not claim.done and cells.any():
            held |= cells
            holders[claim.agent_id] = holders.get(claim.agent_id, 0) + int(cells.sum())
    verdict, reason, names = _verdict(inputs, params, wanted, held, holders)
    free, held_bits = pack_cells(wanted & ~held), pack_cells(held)
    spare = Spare(verdict=verdict, reason=reason, free=free, held=held_bits, waits_for=names)
    return state, spare


def _verdict(
    inputs: SpareInputs, params: SpareParams, wanted: Mask, held: Mask, holders: dict[str, int]
) -> tuple[Verdict, str, tuple[str, ...]]:
    if _few(wanted, params):
        return Verdict.NOTHING_LEFT, 'hardly anything is left', ()
    if inputs.awaited:
        reason = f'not known yet what {", ".join(inputs.awaited)} took over'
        return Verdict.WAIT, reason, inputs.awaited
    if inputs.heard_by:
        return Verdict.WAIT, f'still heard by {", ".join(inputs.heard_by)}', inputs.heard_by
    told = ', '.join(f'{agent_id} has {cells}' for agent_id, cells in sorted(holders.items()))
    if _few(wanted & ~held, params):
        return Verdict.WAIT, f'of its {int(wanted.sum())} unseen cells {told}', tuple(holders)
    unbooked = tuple(sorted({c.agent_id for c in inputs.claims if _unbooked(c, wanted)}))
    if unbooked:
        return Verdict.WAIT, f'taken over in part and not done by {", ".join(unbooked)}', unbooked
    rest = f'nobody has {int((wanted & ~held).sum())} of its cells'
    return Verdict.GIVE_AWAY, f'{rest}, {told}' if told else rest, ()


def _unbooked(claim: Claim, wanted: Mask) -> bool:
    """Whether a claim on what is wanted would be forgotten together with the order."""
    shape = (wanted.shape[0], wanted.shape[1])
    open_ = not (claim.done or claim.booked)
    return open_ and bool((unpack_cells(claim.bits, shape) & wanted).any())


def _few(cells: Mask, params: SpareParams) -> bool:
    """Whether so little is not worth a trip; without a limit it is nothing at all."""
    count = int(cells.sum())
    return count == 0 or count < params.least_cells


def _nothing(_params: SpareParams) -> None:
    """There is no state."""


SPARE: Core[SpareParams, None, SpareInputs, Spare] = Core(
    name='spare',
    version=1,
    params=SpareParams,
    inputs=SpareInputs,
    outputs=Spare,
    initial=_nothing,
    decide=decide_spare,
)
