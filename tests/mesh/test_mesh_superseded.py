# SPDX-License-Identifier: Apache-2.0
"""Of a peer's intents only the last word is verified; all claims are heard, nothing differs."""

import itertools
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from swarm.v1 import common_pb2, mesh_pb2

from swarm_agent.mesh.core.types import Claim, OpenClaim, Word
from swarm_agent.mesh.gate import FORGED, Gate
from swarm_agent.mesh.hearing import Drained, Hearing
from swarm_agent.mesh.wire import claim_message, say_word
from swarm_vault.keys import Trust, ensure_authority, load_signer, load_trust

AUTHORS, COUNT = ('b', 'c'), 8
NS = 10**9


@pytest.fixture(scope='module')
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp('keys')
    ensure_authority(folder, ['a', *AUTHORS])
    return folder


@pytest.fixture(scope='module')
def trust(keys):
    return load_trust(keys).remembering()


@pytest.fixture(scope='module', autouse=True)
def ageless():
    """The letters are made once for all tests, so they are older than stamps may be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('swarm_agent.mesh.gate.check_stamp', lambda *_: None)
        yield


def an_intent(author: str, number: int) -> mesh_pb2.PeerIntent:
    intent = mesh_pb2.PeerIntent(
        agent_id=author,
        stamp_ns=time.time_ns(),
        radius_m=0.3,
        pose=common_pb2.Pose2D(x_m=0.01 * number),
    )
    opened = (OpenClaim(claim_id=f'{author}{number}', promised_ns=number),)
    say_word(intent, Word(said_ns=number, open=opened, bound=()))
    return intent


def a_claim(author: str, number: int) -> mesh_pb2.Claim:
    claim = Claim(
        claim_id=f'{author}{number}', kind=1, from_agent=author, to_agent='a', priority=3,
        waited_ms=0, path=((0.0, 0.0), (1.0, 0.0)), place=None, reason='', said_ns=number,
    )  # fmt: skip
    return claim_message(claim, time.time_ns())


def signed(keys, author: str, number: int, message) -> bytes:
    signer = load_signer(keys, author)
    name = message.DESCRIPTOR.full_name
    return bytes(signer.sign(name, number, message.SerializeToString()).SerializeToString())


@pytest.fixture(scope='module')
def letters(keys):
    """Signed words by author, kind and number."""
    makes = {'intent': an_intent, 'claim': a_claim}
    return {
        (author, kind, number): signed(keys, author, number, makes[kind](author, number))
        for author in AUTHORS
        for kind in makes
        for number in range(1, COUNT)
    }


class Ear:
    """One that hears by the clock it is given, and counts what it verifies."""

    def __init__(self, trust: Trust) -> None:
        self.now_ns, self.verified = NS, Counter[str]()
        self.gate = Gate('a', trust, lambda: self.now_ns)
        verify = self.gate._verify

        def counted(one, into):
            self.verified[one.domain] += 1
            return verify(one, into)

        self.gate._verify = counted
        self.hearing = Hearing('a', self.gate)
        self.claims: list[Claim] = []

    def put(self, kind: str, data: bytes, at_ns: int) -> None:
        self.now_ns = at_ns
        self.gate.put(kind, data)

    def drain(self) -> Drained:
        heard = self.hearing.drain(self.now_ns, {})
        self.claims += heard.claims
        return heard

    def claims_of(self, author: str) -> list[Claim]:
        return [claim for claim in self.claims if claim.from_agent == author]


WORDS = st.tuples(
    st.sampled_from(AUTHORS), st.sampled_from(('intent', 'claim')), st.integers(1, COUNT - 1)
)


@given(st.lists(st.tuples(WORDS, st.booleans()), max_size=30))
def test_who_drains_seldom_hears_the_same_as_who_looks_at_every_word(trust, letters, air):
    seldom, always = Ear(trust), Ear(trust)
    for number, (word, drains) in enumerate(air):
        for ear in (seldom, always):
            ear.put(word[1], letters[word], NS + number)
        last = always.drain()
        if drains:
            assert seldom.drain().peers == last.peers
    assert seldom.drain().peers == always.drain().peers
    for author in AUTHORS:
        assert seldom.claims_of(author) == always.claims_of(author)


def test_no_claim_is_passed_over_however_many_come_at_once(trust, letters):
    ear = Ear(trust)
    for number in range(1, COUNT):
        for author, kind in itertools.product(AUTHORS, ('claim', 'intent')):
            ear.put(kind, letters[author, kind, number], NS)
    heard = ear.drain()
    assert sorted(one.said_ns for one in heard.claims) == sorted([*range(1, COUNT)] * 2)
    assert [one.word.said_ns for one in heard.peers] == [COUNT - 1] * 2


def test_of_many_intents_of_a_peer_one_signature_is_verified(trust, letters):
    ear = Ear(trust)
    for number in range(1, COUNT):
        ear.put('intent', letters['b', 'intent', number], NS)
    assert [one.word.said_ns for one in ear.drain().peers] == [COUNT - 1]
    assert ear.verified == {'swarm.v1.PeerIntent': 1}
    assert ear.gate.heard['superseded'] == COUNT - 2
    assert ear.gate.dropped == {}


def test_a_forged_newer_intent_supersedes_nothing(trust, letters):
    ear = Ear(trust)
    forged = common_pb2.Signed.FromString(letters['b', 'intent', 1])
    forged.sequence = 2**63
    ear.put('intent', letters['b', 'intent', 2], NS)
    ear.put('intent', forged.SerializeToString(), NS)
    ear.put('intent', letters['b', 'intent', 3], NS)
    assert [one.word.said_ns for one in ear.drain().peers] == [3]
    assert ear.gate.dropped == {'intent: signature not accepted': 1}


def test_a_forger_with_the_highest_numbers_silences_nobody_that_was_heard_before(trust, letters):
    ear = Ear(trust)
    forged = common_pb2.Signed.FromString(letters['b', 'intent', 1])
    ear.put('intent', letters['b', 'intent', 2], NS)
    for number in range(int(FORGED.burst)):
        forged.sequence = 2**63 + number
        ear.put('intent', forged.SerializeToString(), NS)
    assert [one.word.said_ns for one in ear.drain().peers] == [2]


def test_a_peer_that_says_nothing_new_is_not_built_anew_unless_it_has_gone(trust, letters):
    ear = Ear(trust)
    ear.put('intent', letters['b', 'intent', 1], NS)
    (first,) = ear.hearing.drain(NS, {'b': True}).peers
    (second,) = ear.hearing.drain(NS, {'b': True}).peers
    (gone,) = ear.hearing.drain(NS, {'b': False}).peers
    assert second is first
    assert (first.alive, gone.alive) == (True, False)
