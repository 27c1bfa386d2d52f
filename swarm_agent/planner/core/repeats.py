# SPDX-License-Identifier: Apache-2.0
"""What failed is not tried for ever: without new knowledge the same action is blocked. Pure.

An action is a task with its goals. After `MOST` failures it is refused until the robot knows
something new: the count of explained violations has changed, or the same action was done once.
"""

from dataclasses import dataclass

from swarm_agent.planner.core.orders import AckStatus, Order

MOST = 2
"""So many repeats of a failed action are let through."""
_KEPT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An action that failed."""

    key: str
    times: int
    known: int
    """What the robot knew then: its count of violations."""


def key_of(order: Order) -> str:
    """The action that an order asks for; goals within 10 cm are the same."""
    goals = ' '.join(f'{x_m:.1f},{y_m:.1f}' for x_m, y_m, _ in order.stops)
    region = '' if order.region is None else str(hash_of(order.region.bits))
    return f'{order.task.value} {goals}{region}'.strip()


def hash_of(bits: bytes) -> int:
    """A number for a region, the same on every machine."""
    return sum((index + 1) * byte for index, byte in enumerate(bits)) % 1_000_003


def after(
    failures: tuple[Failure, ...], order: Order, status: AckStatus, known: int
) -> tuple[Failure, ...]:
    """The memory of failures after an order has ended."""
    key = key_of(order)
    held = next((failure for failure in failures if failure.key == key), None)
    rest = tuple(failure for failure in failures if failure.key != key)
    if status is AckStatus.COMPLETED:
        return rest
    if status is not AckStatus.FAILED:
        return failures
    times = held.times + 1 if held is not None and held.known == known else 1
    return (*rest, Failure(key=key, times=times, known=known))[-_KEPT:]


def blocked(failures: tuple[Failure, ...], order: Order, known: int) -> str:
    """Why an action is not tried again; empty when it may be."""
    key = key_of(order)
    held = next((failure for failure in failures if failure.key == key), None)
    if held is None or held.known != known or held.times <= MOST:
        return ''
    return (
        f'{order.task.value} failed {held.times} times there and nothing new is known;'
        ' let the robot explore, or order something else'
    )
