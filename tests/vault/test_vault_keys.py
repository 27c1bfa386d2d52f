# SPDX-License-Identifier: Apache-2.0
"""Keys are made once, kept private, and only their owner's signature is believed."""

import ipaddress
import stat
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from swarm.v1.common_pb2 import Signed

from swarm_vault.authority import Authority
from swarm_vault.errors import VaultError
from swarm_vault.keys import (
    SequenceGuard,
    Signer,
    Trust,
    channel_files,
    ensure_authority,
    hand_over,
    load_signer,
    load_trust,
)

AGENTS = ['amr_1', 'tb4_1']
DOMAIN = 'swarm.v1.PeerIntent'


@pytest.fixture(scope='module')
def vault(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('vault')
    ensure_authority(folder, AGENTS)
    return folder


@pytest.fixture(scope='module')
def signer(vault: Path) -> Signer:
    return load_signer(vault, 'amr_1')


@pytest.fixture(scope='module')
def trust(vault: Path) -> Trust:
    return load_trust(vault)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob('*') if p.is_file()}


def test_every_member_has_its_files(vault: Path, trust: Trust):
    assert trust.members == ('amr_1', 'operator', 'supervisor', 'tb4_1')
    names = set(contents(vault / 'nexus'))
    assert {'tls/ca.pem', 'tls/server.pem', 'tls/amr_1.key', 'tls/operator.pem'} <= names
    assert {'keys/supervisor.key', 'keys/amr_1.key', 'trust/operator.pub'} <= names


def test_private_files_are_for_their_owner_only(vault: Path):
    for path in (vault / 'nexus').rglob('*.key'):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_making_the_authority_again_changes_nothing(vault: Path):
    before = contents(vault)
    ensure_authority(vault, AGENTS)
    assert contents(vault) == before


def test_a_new_robot_is_added_without_touching_the_others(tmp_path: Path):
    ensure_authority(tmp_path, ['amr_1'])
    before = contents(tmp_path)
    ensure_authority(tmp_path, ['amr_1', 'amr_2'])
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before
    assert load_trust(tmp_path).members == ('amr_1', 'amr_2', 'operator', 'supervisor')


def test_a_crash_between_two_files_is_mended_by_the_next_call(vault: Path, tmp_path: Path):
    ensure_authority(tmp_path, AGENTS)
    nexus = tmp_path / 'nexus'
    for name in ('tls/amr_1.pem', 'trust/tb4_1.pub', 'keys/operator.key', 'trust/operator.pub'):
        (nexus / name).unlink()
    ensure_authority(tmp_path, AGENTS)
    channel_files(tmp_path, 'amr_1')
    trust = load_trust(tmp_path)
    for member in trust.members:
        signed = load_signer(tmp_path, member).sign(DOMAIN, 1, b'x')
        assert trust.verify(signed, domain=DOMAIN, agent_id=member).ok


def test_several_callers_at_once_make_one_authority(tmp_path: Path):
    errors: list[Exception] = []

    def make() -> None:
        try:
            ensure_authority(tmp_path, AGENTS)
        except VaultError as error:
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    signed = load_signer(tmp_path, 'amr_1').sign(DOMAIN, 1, b'x')
    assert load_trust(tmp_path).verify(signed, domain=DOMAIN).ok


def test_certificates_are_for_this_machine_and_from_the_authority(vault: Path):
    ca = x509.load_pem_x509_certificate(channel_files(vault, 'amr_1').ca)
    for member, name in (('amr_1', 'amr_1'), ('supervisor', 'supervisor')):
        cert = x509.load_pem_x509_certificate(channel_files(vault, member).cert)
        cert.verify_directly_issued_by(ca)
        (common_name,) = cert.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        assert common_name.value == name
        names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert 'localhost' in names.get_values_for_type(x509.DNSName)
        assert ipaddress.ip_address('127.0.0.1') in names.get_values_for_type(x509.IPAddress)
        lifetime = cert.not_valid_after_utc - datetime.now(timezone.utc)
        assert timedelta(days=363) < lifetime <= timedelta(days=365)
    assert ca.not_valid_after_utc - datetime.now(timezone.utc) > timedelta(days=3640)


def test_a_certificate_that_ends_soon_is_renewed(tmp_path: Path, monkeypatch):
    monkeypatch.setattr('swarm_vault.authority._LEAF_DAYS', 20)
    ensure_authority(tmp_path, ['amr_1'])
    monkeypatch.undo()
    before = channel_files(tmp_path, 'amr_1')
    ensure_authority(tmp_path, ['amr_1'])
    after = channel_files(tmp_path, 'amr_1')
    assert after.ca == before.ca
    assert after.cert != before.cert


def test_a_certificate_of_another_authority_is_replaced(tmp_path: Path):
    ensure_authority(tmp_path / 'one', ['amr_1'])
    ensure_authority(tmp_path / 'two', ['amr_1'])
    for name in ('amr_1.pem', 'amr_1.key'):
        foreign = (tmp_path / 'one/nexus/tls' / name).read_bytes()
        (tmp_path / 'two/nexus/tls' / name).write_bytes(foreign)
    ensure_authority(tmp_path / 'two', ['amr_1'])
    files = channel_files(tmp_path / 'two', 'amr_1')
    cert = x509.load_pem_x509_certificate(files.cert)
    cert.verify_directly_issued_by(x509.load_pem_x509_certificate(files.ca))


@given(st.text(max_size=20), st.integers(0, 2**64 - 1), st.binary(max_size=100))
def test_what_a_member_signed_is_believed(signer: Signer, trust: Trust, domain, sequence, payload):
    signed = signer.sign(domain, sequence, payload)
    wire = Signed.FromString(signed.SerializeToString())
    assert trust.verify(wire, domain=domain, agent_id='amr_1').ok
    assert wire.payload == payload


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'payload': b'stop'}, "signature of 'amr_1' does not fit"),
        ({'sequence': 8}, "signature of 'amr_1' does not fit"),
        ({'signature': b''}, "signature of 'amr_1' does not fit"),
        ({'signature': bytes(64)}, "signature of 'amr_1' does not fit"),
        ({'agent_id': 'tb4_1'}, "signature of 'tb4_1' does not fit"),
        ({'agent_id': 'stranger'}, "author 'stranger' is no member"),
        ({'agent_id': ''}, "author '' is no member"),
        ({'domain': 'swarm.v1.MissionOrder'}, "signed as 'swarm.v1.MissionOrder'"),
    ],
)
def test_anything_forged_is_refused_with_the_reason(signer: Signer, trust: Trust, change, reason):
    signed = signer.sign(DOMAIN, 7, b'go')
    for field, value in change.items():
        setattr(signed, field, value)
    verdict = trust.verify(signed, domain=DOMAIN)
    assert not verdict.ok
    assert verdict.reason.startswith(reason)


def test_a_signature_for_one_domain_is_none_for_another(signer: Signer, trust: Trust):
    signed = signer.sign('swarm.v1.Hazard', 7, b'go')
    signed.domain = DOMAIN
    assert not trust.verify(signed, domain=DOMAIN).ok


def test_a_member_cannot_speak_for_another(signer: Signer, trust: Trust):
    signed = signer.sign(DOMAIN, 7, b'go')
    verdict = trust.verify(signed, domain=DOMAIN, agent_id='supervisor')
    assert verdict.reason == "signed by 'amr_1', expected 'supervisor'"


def test_parts_cannot_be_moved_between_the_fields(vault: Path, trust: Trust):
    signed = load_signer(vault, 'amr_1').sign('a', 1, b'2\0payload')
    signed.payload = b'payload'
    assert not trust.verify(signed, domain='a').ok


def test_without_any_public_key_nobody_is_believed(signer: Signer, tmp_path: Path):
    assert not load_trust(tmp_path).verify(signer.sign(DOMAIN, 1, b''), domain=DOMAIN).ok


def test_only_a_rising_sequence_passes():
    guard = SequenceGuard()

    def pass_(sequence: int, agent_id: str = 'a', domain: str = 'd') -> bool:
        return guard.accept(Signed(domain=domain, agent_id=agent_id, sequence=sequence)).ok

    assert [pass_(n) for n in (0, 1, 1, 0, 5, 4, 6)] == [
        True,
        True,
        False,
        False,
        True,
        False,
        True,
    ]
    assert pass_(0, agent_id='b')
    assert pass_(0, domain='e')
    verdict = guard.accept(Signed(domain='d', agent_id='a', sequence=6))
    assert verdict.reason == "sequence 6 of 'a' is not above 6"


def test_a_robot_is_handed_its_own_keys_and_no_others(vault: Path, tmp_path: Path):
    hand_over(vault, tmp_path, ['amr_1'])
    names = set(contents(tmp_path / 'nexus'))
    assert {n for n in names if n.endswith('.key')} == {'tls/amr_1.key', 'keys/amr_1.key'}
    assert load_trust(tmp_path).members == load_trust(vault).members
    assert channel_files(tmp_path, 'amr_1') == channel_files(vault, 'amr_1')
    for path in (tmp_path / 'nexus').rglob('*.key'):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ('name', 'call'),
    [
        ('keys/amr_1.key', lambda vault: load_signer(vault, 'amr_1')),
        ('trust/amr_1.pub', load_trust),
        ('tls/ca.pem', lambda vault: Authority.ensure(vault / 'nexus/tls')),
        ('tls/ca.key', lambda vault: Authority.ensure(vault / 'nexus/tls')),
    ],
)
@pytest.mark.parametrize('content', [b'', b'nonsense', b'-----BEGIN PRIVATE KEY-----\nAAAA\n'])
def test_a_broken_file_is_named(tmp_path: Path, name: str, call, content: bytes):
    ensure_authority(tmp_path, ['amr_1'])
    path = tmp_path / 'nexus' / name
    path.write_bytes(content)
    with pytest.raises(VaultError, match=path.name):
        call(tmp_path)


def test_keys_of_another_kind_are_refused(tmp_path: Path):
    ensure_authority(tmp_path, ['amr_1'])
    nexus = tmp_path / 'nexus'
    (nexus / 'keys/amr_1.key').write_bytes((nexus / 'tls/amr_1.key').read_bytes())
    with pytest.raises(VaultError, match='is no Ed25519 key'):
        load_signer(tmp_path, 'amr_1')
    ca = x509.load_pem_x509_certificate((nexus / 'tls/ca.pem').read_bytes())
    pem = ca.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (nexus / 'trust/amr_1.pub').write_bytes(pem)
    with pytest.raises(VaultError, match='is no Ed25519 key'):
        load_trust(tmp_path)
    (nexus / 'tls/ca.key').write_bytes((nexus / 'keys/operator.key').read_bytes())
    with pytest.raises(VaultError, match='is no ECDSA key'):
        Authority.ensure(nexus / 'tls')


def test_a_public_key_that_is_not_the_members_own_is_refused(tmp_path: Path):
    ensure_authority(tmp_path, ['amr_1'])
    trust = tmp_path / 'nexus/trust'
    (trust / 'amr_1.pub').write_bytes((trust / 'operator.pub').read_bytes())
    with pytest.raises(VaultError, match='is not the public half'):
        ensure_authority(tmp_path, ['amr_1'])


@pytest.mark.parametrize('call', [load_signer, channel_files])
def test_missing_keys_say_how_to_get_them(tmp_path: Path, call):
    with pytest.raises(VaultError, match='make it with ensure_authority or hand it over'):
        call(tmp_path, 'amr_1')
