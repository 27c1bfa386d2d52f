# SPDX-License-Identifier: Apache-2.0
"""The plan checker as the supervisor runs it: with the skill cards, each verdict recorded."""

from swarm_config.cards import SkillCard
from swarm_supervisor.core.plan_core import PLAN_CHECK, CheckParams
from swarm_supervisor.core.plan_types import PlanInputs, PlanVerdict
from swarm_vault.recorder import Recorder


class Prover:
    """The plan checker with the skill cards; each verdict is recorded with what it saw."""

    def __init__(self, recorder: Recorder, cards: tuple[SkillCard, ...]) -> None:
        """Start the record.

        Args:
            recorder: Records every verdict, so that it can be run again.
            cards: What robots can do.
        """
        self._recorder, self._params = recorder, CheckParams(cards=cards)
        recorder.start(PLAN_CHECK, self._params)

    def prove(self, inputs: PlanInputs) -> PlanVerdict:
        """Prove one plan."""
        _, verdict = self._recorder.decide(PLAN_CHECK, None, inputs, self._params)
        return verdict
