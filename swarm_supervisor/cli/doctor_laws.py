# SPDX-License-Identifier: Apache-2.0
"""The doctor puts harmless violations to the judge, which must block them."""

from collections.abc import Iterator
from dataclasses import replace

from swarm_supervisor.cli.doctor_finding import Finding, Subject, fail, ok, warn
from swarm_vault.laws.core.judge import Case, judge
from swarm_vault.laws.core.policy import Policy
from swarm_vault.laws.core.values import Action, Mandate, Trust, Verdict
from swarm_vault.laws.operators import register_of
from swarm_vault.laws.policy_file import FILE, codex_of, idle_squads, policies_of

NOW_NS = 1
"""Any time does."""


def laws(subject: Subject) -> Finding:
    """The policy and the register of operators are valid, and the judge blocks what it must."""
    if subject.fleet is None:
        return fail('the fleet plan cannot be read', 'mend that first')
    codex = codex_of(subject.fleet)
    policies = policies_of(subject.fleet)
    policy = policies.of('')
    if policy.fault:
        return fail(f'nothing is allowed: {policy.fault}', f'mend {codex / FILE}')
    idle = idle_squads(subject.fleet)
    if idle:
        why = f'no robot belongs to squad {", ".join(idle)}: its rules bind nobody'
        return warn(why, f'mend the name in {codex / FILE} or in the fleet plan')
    register = register_of(subject.fleet, subject.vault_dir)
    roles = register.roles
    if register.fault:
        return fail(register.fault, 'mend it')
    passed = [name for name, case in canaries() if not _blocked(case, policy)]
    if passed:
        return fail(f'the judge let pass: {", ".join(passed)}', f'review {codex / FILE}')
    return ok(f'{policy.version}, {len(list(canaries()))} violations blocked, {len(roles)} people')


def canaries() -> Iterator[tuple[str, Case]]:
    """Violations that every policy must block, by name."""
    mandate = Mandate(mandate_id='canary', agent_id='canary', tier=4, max_speed_mps=1.0)
    trust = Trust(tier=4, mandate=mandate)
    action = Action(skill='go_to', agent_id='canary', goals=((0.0, 0.0),))
    good = Case(action=action, trust=trust, wall_ns=NOW_NS)
    yield 'motion without trust', replace(good, trust=replace(trust, tier=0))
    yield 'motion without a mandate', replace(good, trust=replace(trust, mandate=None))
    yield 'an unknown skill', replace(good, action=replace(action, skill='canary'))
    yield 'an order without a role', replace(good, may_order=False)
    yield (
        'a goal that is no number',
        replace(good, action=replace(action, goals=((float('nan'), 0.0),))),
    )


def _blocked(case: Case, policy: Policy) -> bool:
    return judge(case, policy).verdict is Verdict.BLOCK
