# SPDX-License-Identifier: Apache-2.0
"""What the planner writes down: each line of its log is published as an event, too."""

from pathlib import Path
from typing import Any

from swarm_agent.planner.core import CORE
from swarm_agent.planner.core.state import State
from swarm_agent.planner.core.sweep import crew as sweep
from swarm_agent.planner.core.types import Inputs, Note, Outputs, Params
from swarm_agent.planner.topics import Topics
from swarm_vault.recorder import Kind, Recorder


class Journal:
    """The audit log of one planner.

    Raises:
        VaultError: The vault cannot be written, now or later.
    """

    def __init__(
        self, vault_dir: Path, params: Params, topics: Topics, *, finish_s: float = 0.0
    ) -> None:
        self._params, self._topics = params, topics
        self.recorder = Recorder(
            vault_dir=vault_dir, agent_id=params.agent_id, writer='planner', finish_s=finish_s
        )

    @property
    def fault(self) -> str | None:
        """Why nothing can be recorded any more; None while all is well."""
        return self.recorder.fault

    def may_finish(self) -> bool:
        """Whether the robot may go on with what it does although nothing is recorded."""
        return not self.recorder.must_stop

    def give_up(self, error: OSError) -> bool:
        """Take a failure of the disk seen elsewhere for the record's; whether it can go on."""
        return self.recorder.give_up(error)

    def start(self) -> State:
        """Begin the record of the core."""
        return self.recorder.start(CORE, self._params)

    def decide(self, state: State, inputs: Inputs) -> tuple[State, Outputs]:
        """Let the core decide, and record it."""
        return self.recorder.decide(CORE, state, inputs, self._params)

    def start_crew(self, params: sweep.Params) -> sweep.State:
        """Begin the record of a shared survey."""
        return self.recorder.start(sweep.CORE, params)

    def decide_crew(
        self, state: sweep.State, inputs: sweep.Inputs, params: sweep.Params
    ) -> tuple[sweep.State, sweep.Outputs]:
        """Let the takeover core decide, and record it; who was lost is an event."""
        before_ns = state.left_until_ns
        state, outputs = self.recorder.decide(sweep.CORE, state, inputs, params)
        if state.left_until_ns != before_ns:
            lost = ', '.join(outputs.lost)
            why = f"{lost} lost: {len(outputs.taken)} blocks are this robot's share"
            self.note(Note(kind='DECISION', type='crew.shared_out', why=why))
        return state, outputs

    def note(self, note: Note) -> None:
        """Record an event and publish it."""
        data: dict[str, Any] = {'why': note.why}
        if note.order_id:
            data['order_id'] = note.order_id
        if note.rejected:
            data['rejected'] = list(note.rejected)
        seq = self.recorder.event(Kind(note.kind), note.type, data)
        self._topics.tell_event(seq, note, data)

    def say(self, type_: str, why: str) -> None:
        """Record something about the node itself."""
        self.note(Note(kind='SYSTEM', type=type_, why=why))

    def close(self) -> None:
        """Finish the record."""
        self.recorder.close()
