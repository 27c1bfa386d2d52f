# SPDX-License-Identifier: Apache-2.0
"""Steps between heads as they travel, on both planes."""

from swarm.v1 import common_pb2

from swarm_vault.heads.core import Proof
from swarm_vault.heads.steps import Step

MAX_PROOF = 64
"""Hashes of a consistency proof; a tree of 2^63 leaves needs no more."""
MAX_REASON = 200


def step_message(writer: str, step: Step) -> common_pb2.HeadStep:
    """A step as it travels."""
    return common_pb2.HeadStep(
        writer=writer,
        old_size=step.old_size,
        checkpoint=step.checkpoint,
        hashes=step.hashes,
        unable=step.unable,
    )


def proof_of(step: common_pb2.HeadStep) -> Proof:
    """What a step brought; one that is too long proves nothing."""
    return Proof(
        old_size=min(step.old_size, 2**63),
        hashes=tuple(step.hashes[: MAX_PROOF + 1]),
        unable=step.unable[:MAX_REASON],
    )
