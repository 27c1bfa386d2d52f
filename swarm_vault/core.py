# SPDX-License-Identifier: Apache-2.0
"""What a decision core is: a pure function that can be run again from its record.

A core module exports `CORE = Core(...)`. Its shell calls it through `Recorder.decide`, and
`swarm audit replay` calls it once more afterwards, from `initial(params)` over all recorded
inputs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

P = TypeVar('P')
S = TypeVar('S')
I = TypeVar('I')  # noqa: E741 - the letters of the contract: params, state, inputs, outputs
O = TypeVar('O')  # noqa: E741


@dataclass(frozen=True, slots=True, kw_only=True)
class Core(Generic[P, S, I, O]):
    """A deterministic decision: `decide(state, inputs, params) -> (state, outputs)`.

    `params`, `inputs` and `outputs` are frozen dataclasses of plain values: bool, int, float, str,
    bytes, None, tuples, enums and nested such dataclasses. They are recorded as JSON; the state
    never is, so it may hold anything.
    """

    name: str
    """Unique among the cores; the key of the table by which a replay finds the code."""
    version: int
    """Rises with every change of meaning of the record."""
    params: type[P]
    inputs: type[I]
    outputs: type[O]
    initial: Callable[[P], S]
    decide: Callable[[S, I, P], tuple[S, O]]
