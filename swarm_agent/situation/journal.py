# SPDX-License-Identifier: Apache-2.0
"""What of a decision is worth an event: a pure comparison with the one before."""

from collections.abc import Iterable, Iterator
from typing import Any

from swarm_agent.mesh.core import Claim, ClaimKind, Hazard
from swarm_agent.situation.core import Inputs, NavState, Outputs
from swarm_vault.recorder import Kind

Note = tuple[Kind, str, dict[str, Any]]
"""Kind, type and data of an event."""


class Journal:
    """Remembers what has been told."""

    def __init__(self) -> None:
        self._nav: tuple[int, int] = (-1, -1)
        self._hazards: set[tuple[str, str]] = set()
        self.violations = 0
        self.negotiations = 0

    def notes(self, inputs: Inputs, outputs: Outputs) -> Iterator[Note]:
        """The events of one decision."""
        yield from self._heard(inputs)
        yield from self._changed(outputs)
        yield from self._contradicted(outputs)
        yield from self._planned(outputs)
        for claim in outputs.claims:
            yield Kind.MESSAGE, 'claim.sent', _claim(claim)
        for hazard in outputs.hazards:
            yield Kind.MESSAGE, 'hazard.sent', _hazard(hazard)
        for one in outputs.settlements:
            self.negotiations += 1
            data = {'peer': one.peer, 'role': one.role, 'how': one.how}
            yield Kind.STATE_CHANGE, 'negotiation.settled', {**data, 'seconds': _r(one.seconds)}

    def _heard(self, inputs: Inputs) -> Iterator[Note]:
        for claim in inputs.claims:
            yield Kind.MESSAGE, 'claim.received', _claim(claim)
        for hazard in inputs.hazards:
            key = (hazard.hazard_id, hazard.reporter)
            if key not in self._hazards:
                self._hazards.add(key)
                yield Kind.MESSAGE, 'hazard.received', _hazard(hazard)
        self._hazards &= {(one.hazard_id, one.reporter) for one in inputs.hazards}

    def _changed(self, outputs: Outputs) -> Iterator[Note]:
        nav = (outputs.nav_state, outputs.intent_id)
        if nav != self._nav:
            self._nav = nav
            yield (
                Kind.STATE_CHANGE,
                'nav_state',
                {
                    'nav_state': NavState(outputs.nav_state).name,
                    'reason': outputs.reason,
                    'intent_id': outputs.intent_id,
                    'pose': _place(outputs.pose_map),
                },
            )

    def _contradicted(self, outputs: Outputs) -> Iterator[Note]:
        for found in outputs.violations:
            self.violations += 1
            data = {'where': _place(found.where), 'expected': found.expected}
            data = {**data, 'actual': found.actual, 'class': found.violation_class}
            raised = {'hypotheses': list(found.hypotheses), 'look': found.look}
            yield Kind.VIOLATION, f'violation.{found.kind}', {**data, **raised}
        for one in outputs.resolutions:
            data = {'violation': one.kind, 'where': _place(one.where), 'outcome': one.outcome}
            data['hypothesis'] = one.hypothesis
            type_ = 'exploration.escalated' if one.escalated else 'exploration.ended'
            yield Kind.STATE_CHANGE, type_, data

    def _planned(self, outputs: Outputs) -> Iterator[Note]:
        for plan in outputs.plans:
            yield (
                Kind.DECISION,
                'plan.path',
                {
                    'why': plan.why,
                    'found': plan.found,
                    'length_m': _r(plan.length_m),
                    'tightest_m': _r(plan.tightest_m),
                    'reason': plan.reason,
                    'intent_id': outputs.intent_id,
                },
            )


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        'claim_id': claim.claim_id,
        'kind': ClaimKind(claim.kind).name if claim.kind in _CLAIM_KINDS else str(claim.kind),
        'from': claim.from_agent,
        'to': claim.to_agent,
        'priority': claim.priority,
        'waited_ms': claim.waited_ms,
        'path_points': len(claim.path),
        'place': None if claim.place is None else _place(claim.place),
        'reason': claim.reason,
    }


_CLAIM_KINDS = frozenset(int(kind) for kind in ClaimKind)


def _hazard(hazard: Hazard) -> dict[str, Any]:
    return {
        'hazard_id': hazard.hazard_id,
        'kind': hazard.kind,
        'reporter': hazard.reporter,
        'position': _place(hazard.position),
        'radius_m': _r(hazard.radius_m),
        'ttl_s': _r(hazard.ttl_s),
        'confirmed_by': list(hazard.confirmed_by),
        'gone': hazard.gone,
    }


def _place(values: Iterable[float]) -> list[float]:
    return [_r(value) for value in values]


def _r(value: float) -> float:
    return round(float(value), 3)
