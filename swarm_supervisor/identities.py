# SPDX-License-Identifier: Apache-2.0
"""Identities on their way to the robots, again when the fleet's standing rules change.

`swarm memory accept` and `revoke` write fleet/rules.yaml; watch and orders look whether it is
another file. A robot gets its identity anew and takes the rules with its next order; one without
a link gets them when it links, before any order.
"""

from swarm.v1 import mission_pb2

from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.roster import Member
from swarm_vault.fleet_rules import Rules
from swarm_vault.folders import Identity, agent_folder, compile_identity
from swarm_vault.recorder import Kind


def tell_rules(hq: Headquarters) -> None:
    """Bring changed rules to the judge here, and to every robot that is linked."""
    if not hq.rules.changed():
        return
    rules = hq.rules.rules
    hq.court.adopt(hq.rules.policies)
    data = {'rules': [rule.name for rule in rules.rules], 'fault': rules.fault}
    hq.note(Kind.STATE_CHANGE, 'rules.changed', data, durable=True)
    for member in hq.roster:
        if hq.post.linked(member.agent_id):
            _tell(hq, member, rules)


def _tell(hq: Headquarters, member: Member, rules: Rules) -> None:
    identity = compile_identity(agent_folder(hq.vault_dir, member.agent_id), rules)
    hq.post.identity(card_of(identity), member.agent_id)
    note_identity(hq, member, identity)


def card_of(identity: Identity) -> mission_pb2.Identity:
    """An identity as it travels."""
    return mission_pb2.Identity(system_prompt=identity.system_prompt, sha256=identity.sha256)


def note_identity(hq: Headquarters, member: Member, identity: Identity) -> None:
    """Record that a robot was given an identity."""
    data: dict[str, object] = {'agent': member.agent_id, 'identity': identity.sha256}
    if identity.faults:
        data['faults'] = list(identity.faults)
    hq.note(Kind.STATE_CHANGE, 'identity.issued', data)
