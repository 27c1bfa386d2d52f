# SPDX-License-Identifier: Apache-2.0
"""Good tokens, mandates and policies, to be spoilt one by one."""

from pathlib import Path

from swarm_vault.laws.core.values import Action, Mandate, Token, Trust
from swarm_vault.laws.policy_file import read_policies

POLICY_FILE = Path(__file__).parents[2] / 'config' / 'codex' / 'POLICY.md'
POLICY = read_policies(POLICY_FILE, ['amr_1'], {}).of('amr_1')
NOW_NS = 1_800_000_000_000_000_000
SECOND_NS = 1_000_000_000
SQUARE = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))
MANDATE = Mandate(mandate_id='m', agent_id='amr_1', tier=3, max_speed_mps=1.0)
TRUST = Trust(tier=2, mandate=MANDATE)


def token(**changes: object) -> Token:
    values = {
        'token_id': 't',
        'agent_id': 'amr_1',
        'tier': 2,
        'issued_ns': NOW_NS,
        'expires_ns': NOW_NS + 1800 * SECOND_NS,
        'mandate': MANDATE,
        **changes,
    }
    return Token(**values)


def go(*goals: tuple[float, float], **changes: object) -> Action:
    values = {'skill': 'go_to', 'agent_id': 'amr_1', 'goals': goals or ((2.0, 2.0),), **changes}
    return Action(**values)
