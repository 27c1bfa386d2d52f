# SPDX-License-Identifier: Apache-2.0
"""Who has which role stands under the codex's signature, where the fleet plan names a key."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from swarm_config.errors import ConfigError
from swarm_config.fleets import Fleet, load_fleet
from swarm_supervisor.cli.app import app
from swarm_vault.keys import ensure_authority
from swarm_vault.laws.codex_seal import FILE as SEAL
from swarm_vault.laws.codex_seal import make_key, seal, seal_fault
from swarm_vault.laws.core.roles import Right, Role
from swarm_vault.laws.operators import Register, add_operator, register_of, vault_file

CONFIG = Path(__file__).parents[2] / 'config'


@pytest.fixture
def codex(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(CONFIG / 'codex', tmp_path / 'codex'))
    (folder / 'operators.yaml').write_text('operators: {ada: commander, bob: viewer}\n')
    make_key(tmp_path / 'c.key')
    return folder


@pytest.fixture
def fleet(codex: Path) -> Fleet:
    fleet = load_fleet(CONFIG / 'fleets' / 'depot.yaml')
    told = {'codex': str(codex), 'codex_key': str(codex.parent / 'c.pub')}
    return replace(fleet, file=fleet.file.model_copy(update=told))


def signed(codex: Path) -> None:
    seal(codex, codex.parent / 'c.key', 'ada')


def refusal(register: Register, name: str, right: Right) -> str:
    return register.refusal(register.principal('operator', name), right)


def test_signed_roles_count(codex: Path, fleet: Fleet, tmp_path: Path) -> None:
    signed(codex)
    register = register_of(fleet, tmp_path)
    assert register.principal('operator', 'ada').role is Role.COMMANDER
    assert (register.fault, register.notice) == ('', '')


def test_roles_that_were_never_signed_let_nobody_order_and_everybody_stop(
    fleet: Fleet, tmp_path: Path
) -> None:
    register = register_of(fleet, tmp_path)
    said = refusal(register, 'ada', Right.ORDER)
    assert said.startswith('codex: it is not signed, CODEX.sig is missing')
    assert said.endswith('; nobody may give orders')
    assert refusal(register, 'ada', Right.STOP) == ''


def test_a_role_that_is_changed_while_the_supervisor_runs_ends_all_of_them(
    codex: Path, fleet: Fleet, tmp_path: Path
) -> None:
    signed(codex)
    register = register_of(fleet, tmp_path)
    assert refusal(register, 'ada', Right.APPROVE) == ''
    before = (codex / 'operators.yaml').read_text()
    (codex / 'operators.yaml').write_text(before.replace('viewer', 'safety_officer'))
    for name in ('bob', 'ada'):
        assert 'operators.yaml was changed after it was signed' in refusal(
            register, name, Right.APPROVE
        )
    (codex / 'operators.yaml').write_text(before)
    assert refusal(register, 'ada', Right.APPROVE) == ''


@pytest.mark.parametrize('word', ['', 'no signature\n'])
def test_a_signature_that_is_taken_away_ends_all_roles_at_once(
    codex: Path, fleet: Fleet, tmp_path: Path, word: str
) -> None:
    signed(codex)
    register = register_of(fleet, tmp_path)
    assert register.roles
    (codex / SEAL).write_text(word) if word else (codex / SEAL).unlink()
    assert register.roles == {}
    assert register.fault.startswith('codex: ')


def test_a_role_of_the_vault_counts_for_nothing_under_a_signature(
    codex: Path, fleet: Fleet, tmp_path: Path
) -> None:
    signed(codex)
    add_operator(tmp_path, 'bob', Role.SAFETY_OFFICER)
    register = register_of(fleet, tmp_path)
    assert register.principal('operator', 'bob').role is Role.VIEWER
    assert register.notice == (
        f'{vault_file(tmp_path)} counts for nothing: only roles in the signed operators.yaml do'
    )


def test_without_a_key_the_roles_count_and_a_notice_says_that_nobody_signed_them(
    codex: Path, fleet: Fleet, tmp_path: Path
) -> None:
    plain = replace(fleet, file=fleet.file.model_copy(update={'codex_key': None}))
    add_operator(tmp_path, 'bob', Role.SAFETY_OFFICER)
    register = register_of(plain, tmp_path)
    assert register.principal('operator', 'bob').role is Role.SAFETY_OFFICER
    assert 'not under a signature' in register.notice


def test_a_register_that_appears_after_the_signature_does_not_count(
    codex: Path, fleet: Fleet, tmp_path: Path
) -> None:
    (codex / 'operators.yaml').unlink()
    signed(codex)
    register = register_of(fleet, tmp_path)
    assert (register.roles, register.fault) == ({}, '')
    (codex / 'operators.yaml').write_text('default: safety_officer\n')
    assert 'operators.yaml was changed after it was signed' in register.fault


def test_a_signature_from_before_roles_were_under_it_says_what_is_missing(
    codex: Path, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr('swarm_vault.laws.codex_seal.FILES', ('LAWS.md', 'POLICY.md'))
        signed(codex)
    assert seal_fault(codex, codex.parent / 'c.pub') == (
        'codex: operators.yaml is not under the signature; a commander runs: swarm codex sign'
    )


def test_a_register_nested_without_end_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / 'operators.yaml').write_text('[' * 20_000)
    register = Register(tmp_path, tmp_path)
    assert 'not YAML' in register.fault
    assert '\n' not in register.fault


@pytest.mark.parametrize('name', ['../eve', 'Eve', 'e' * 40, ''])
def test_a_name_that_could_be_a_path_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match='expected a small letter'):
        add_operator(tmp_path, name, Role.VIEWER)
    assert not vault_file(tmp_path).exists()


def test_under_a_signature_adding_a_person_gives_keys_and_leaves_the_role_to_the_codex(
    codex: Path, tmp_path: Path
) -> None:
    text = (CONFIG / 'fleets' / 'depot.yaml').read_text().replace('../', f'{CONFIG}/')
    plan = tmp_path / 'plan.yaml'
    plan.write_text(f'{text}\ncodex: {codex}\nrobots_dir: {CONFIG}/robots\ncodex_key: c.pub\n')
    ensure_authority(tmp_path / 'vault', ['amr_1'])
    add = ['operators', 'add', 'eve', '--role', 'viewer', '--vault', str(tmp_path / 'vault')]
    done = CliRunner().invoke(app, [*add, '--fleet', str(plan)])
    assert 'adds "eve: viewer" to' in done.output, done.exception
    assert not vault_file(tmp_path / 'vault').exists()
    assert (tmp_path / 'vault' / 'nexus' / 'tls' / 'operator.eve.key').exists()
    plain = CliRunner().invoke(app, add)
    assert yaml.safe_load(vault_file(tmp_path / 'vault').read_text())['operators'] == {
        'eve': 'viewer'
    }, plain.exception
