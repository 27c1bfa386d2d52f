# SPDX-License-Identifier: Apache-2.0
"""Asks the core what of a survey order is anybody's to take, and records what it answered."""

from dataclasses import replace

from swarm_supervisor.core.spare import SPARE, Spare, SpareInputs, SpareParams
from swarm_vault.recorder import Recorder


class SpareDesk:
    """The core with its record; the same question is answered once."""

    def __init__(self, recorder: Recorder, params: SpareParams) -> None:
        """Start the record.

        Args:
            recorder: Records every answer, so that it can be run again.
            params: The survey grid, and what is worth a trip.
        """
        self._recorder, self._params = recorder, params
        self._last: dict[str, tuple[SpareInputs, Spare]] = {}
        recorder.start(SPARE, params)

    @property
    def least_cells(self) -> float:
        """Fewer cells are not worth a trip."""
        return self._params.least_cells

    def judge(self, inputs: SpareInputs) -> Spare:
        """What of an order is anybody's to take."""
        timeless = replace(inputs, now_ns=0)
        last = self._last.get(inputs.order_id)
        if last is not None and last[0] == timeless:
            return last[1]
        _, spare = self._recorder.decide(SPARE, None, inputs, self._params)
        self._last[inputs.order_id] = (timeless, spare)
        return spare
