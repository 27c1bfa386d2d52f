# SPDX-License-Identifier: Apache-2.0
"""What an operator prefers, laid over an order that says no more. Pure: `WISHES` is replayed.

Wishes fill in what the order leaves open, and can ask for more care than the laws do: a slower
robot, a human's word first. They allow nothing; judge, checker and proof come after them.
"""

from dataclasses import dataclass

from swarm_vault.core import Core


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What an operator's USER.md says; the default says nothing."""

    confirm: tuple[str, ...] = ()
    """Skills that wait for a human's word, whatever the laws let pass."""
    max_speed_mps: float = 0.0
    """As fast as that at most [m/s]; 0: as the laws say."""
    priority: int = 0
    """1 to 10; 0: as usual."""
    link_loss: int = 0
    """A LinkLossPolicy; 0: the fleet plan's."""
    fault: str = ''
    """Why they cannot be read: then every order waits for a human's word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WishInputs:
    """One order, and who gives it."""

    operator: str
    request_id: str
    wishes: Wishes
    skills: tuple[str, ...]
    """What its plan would do; none where it only takes a mission back."""
    priority: int
    link_loss: int
    """What the order says itself; 0: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WishParams:
    """What wishes cannot ask for."""

    slowest_mps: float = 0.05
    """Slower than this no robot gets on; who wishes that gets this [m/s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The order with the wishes."""

    priority: int
    link_loss: int
    max_speed_mps: float
    ask: str = ''
    """Why a human is asked first; empty where the wishes ask for none."""
    said: tuple[str, ...] = ()
    """What was filled in, for the operator."""


def decide_wishes(state: None, inputs: WishInputs, params: WishParams) -> tuple[None, Granted]:
    """Lay the wishes over an order."""
    wishes, plain = inputs.wishes, (inputs.priority, inputs.link_loss)
    speed_mps = max(wishes.max_speed_mps, params.slowest_mps) if wishes.max_speed_mps else 0.0
    if not inputs.skills:
        return state, Granted(priority=plain[0], link_loss=plain[1], max_speed_mps=0.0)
    filled = {
        f'priority {wishes.priority}': wishes.priority and not inputs.priority,
        f'at most {speed_mps:g} m/s': speed_mps > 0.0,
        'what to do without a link': wishes.link_loss and not inputs.link_loss,
    }
    return state, Granted(
        priority=inputs.priority or wishes.priority,
        link_loss=inputs.link_loss or wishes.link_loss,
        max_speed_mps=speed_mps,
        ask=_ask(inputs),
        said=tuple(f'{t}, as {inputs.operator} prefers' for t, due in filled.items() if due),
    )


def _ask(inputs: WishInputs) -> str:
    if inputs.wishes.fault:
        return f'what {inputs.operator} prefers cannot be read ({inputs.wishes.fault})'
    named = [skill for skill in inputs.skills if skill in inputs.wishes.confirm]
    return f'{inputs.operator} wishes to confirm {" and ".join(named)}' if named else ''


def _nothing(_params: WishParams) -> None:
    """There is no state."""


WISHES: Core[WishParams, None, WishInputs, Granted] = Core(
    name='wishes',
    version=1,
    params=WishParams,
    inputs=WishInputs,
    outputs=Granted,
    initial=_nothing,
    decide=decide_wishes,
)
