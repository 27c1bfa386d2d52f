# SPDX-License-Identifier: Apache-2.0
"""Words of revocation pass from robot to robot over real Zenoh; no supervisor is there."""

from pathlib import Path

import pytest
from test_mesh_session import fleet, pair, until  # noqa: F401 - fixtures

from swarm_agent.mesh.session import MOST_WORDS, MeshSession
from swarm_vault.errors import VaultError
from swarm_vault.keys import load_signer, load_trust
from swarm_vault.laws.by_hand import leave_word
from swarm_vault.laws.core.values import Revocation
from swarm_vault.laws.revocation_book import RevocationBook
from swarm_vault.laws.wire import signed_revocation

Pair = tuple[MeshSession, MeshSession]


def test_a_word_left_with_one_robot_reaches_the_other(pair: Pair, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / 'agents' / 'amr_1' / 'log').mkdir(parents=True)
    told = leave_word(tmp_path, tmp_path, 'tb4_1', reason='smoke', by='ada')
    trust = load_trust(tmp_path)
    first, second = (RevocationBook(tmp_path, name, trust) for name in ('amr_1', 'amr_2'))
    assert told == ('amr_1',)
    assert second.entries == ()
    a, b = pair

    def passed_on() -> bool:
        a.publish_revocations(first.signed)
        return bool(second.take(b.drain().revocations))

    assert until(passed_on)
    (entry,) = second.entries
    assert (entry.agent_id, entry.reason, entry.by, entry.lifted) == (
        'tb4_1',
        'smoke',
        'ada',
        False,
    )


def test_a_flood_of_forged_words_is_bounded_and_changes_nothing(
    pair: Pair,  # noqa: F811
    tmp_path: Path,
) -> None:
    a, b = pair
    liar = load_signer(tmp_path, 'amr_1')
    words = [
        signed_revocation(
            liar,
            Revocation(agent_id='amr_2', stamp_ns=n + 1, lifted=False, reason='', by='x'),
        )
        for n in range(5 * MOST_WORDS)
    ]
    book = RevocationBook(tmp_path, 'amr_2', load_trust(tmp_path))
    found: list[int] = []

    def arrived() -> bool:
        a.publish_revocations(words)
        heard = b.drain().revocations
        found.append(len(heard))
        assert book.take(heard) == ()
        return bool(heard)

    assert until(arrived)
    assert max(found) <= MOST_WORDS


def test_a_word_by_hand_needs_a_robot_and_a_known_name(pair: Pair, tmp_path: Path) -> None:  # noqa: F811
    with pytest.raises(VaultError, match="no member 'amr_9'"):
        leave_word(tmp_path, tmp_path, 'amr_9', reason='', by='ada')
    with pytest.raises(VaultError, match='no robot has run'):
        leave_word(tmp_path, tmp_path, 'amr_1', reason='', by='ada')
