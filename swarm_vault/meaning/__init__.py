# SPDX-License-Identifier: Apache-2.0
"""Meaning as vectors: a sentence model behind a port, and a book of the vectors of notes.

Nothing needs it: without a model notes are found by their words (`swarm_vault.recall`).
"""

from swarm_vault.meaning.book import VectorBook
from swarm_vault.meaning.choosing import NONE, encoder_of
from swarm_vault.meaning.port import Encoder, Vector
from swarm_vault.meaning.ranking import filled, nearest

__all__ = ['NONE', 'Encoder', 'Vector', 'VectorBook', 'encoder_of', 'filled', 'nearest']
