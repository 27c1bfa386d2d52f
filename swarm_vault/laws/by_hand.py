# SPDX-License-Identifier: Apache-2.0
"""Revoke a robot without a supervisor: leave the word with any robot, it spreads from there."""

import time
from pathlib import Path

from swarm_vault.errors import VaultError
from swarm_vault.keys import OPERATOR, load_signer, load_trust
from swarm_vault.laws.core.tiers import after_all
from swarm_vault.laws.core.values import Revocation
from swarm_vault.laws.revocation_book import RevocationBook
from swarm_vault.laws.wire import signed_revocation


def leave_word(keys: Path, into: Path, agent_id: str, *, reason: str, by: str) -> tuple[str, ...]:
    """Sign a revocation with the operator's key and leave it with the robots of a vault.

    Args:
        keys: The vault that holds the operator's key.
        into: A robot's vault; its nodes read the word within a second and pass it on.
        agent_id: Who is revoked.
        reason: For the record.
        by: The human.

    Returns:
        The robots that have it now.

    Raises:
        VaultError: A key is missing, nobody knows the robot, or no robot has run with the vault.
    """
    trust = load_trust(into)
    if agent_id not in trust.members:
        known = ', '.join(trust.members)
        raise VaultError(f'{into}: there is no member {agent_id!r}; there is {known or "nobody"}')
    robots = tuple(sorted(path.parent.name for path in (into / 'agents').glob('*/log')))
    if not robots:
        raise VaultError(f"{into}: no robot has run with this vault; name a robot's own")
    books = [RevocationBook(into, name, trust) for name in robots]
    words = [entry for book in books for entry in book.entries]
    stamp_ns = after_all(words, agent_id, time.time_ns())
    entry = Revocation(agent_id=agent_id, stamp_ns=stamp_ns, lifted=False, reason=reason, by=by)
    word = signed_revocation(load_signer(keys, OPERATOR), entry)
    for book in books:
        book.take([word])
    return robots
