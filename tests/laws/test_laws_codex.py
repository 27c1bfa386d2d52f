# SPDX-License-Identifier: Apache-2.0
"""Where the fleet plan names a key, laws and policy count only as its holder signed them."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from laws_world import NOW_NS, TRUST, go
from typer.testing import CliRunner

from swarm_config.fleets import Fleet, load_fleet
from swarm_supervisor.cli.app import app
from swarm_vault.errors import VaultError
from swarm_vault.laws.codex_seal import FILE, make_key, seal, seal_fault
from swarm_vault.laws.core.judge import Case, judge
from swarm_vault.laws.core.values import Verdict
from swarm_vault.laws.policy_file import policies_of

CONFIG = Path(__file__).parents[2] / 'config'


@pytest.fixture
def codex(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONFIG / 'codex', tmp_path / 'codex'))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    make_key(tmp_path / 'ada.key')
    return tmp_path / 'ada.key'


def fleet_of(codex: Path, public: Path | None) -> Fleet:
    fleet = load_fleet(CONFIG / 'fleets' / 'depot.yaml')
    told = {'codex': str(codex), 'codex_key': None if public is None else str(public)}
    return replace(fleet, file=fleet.file.model_copy(update=told))


def ruling(fleet: Fleet):
    return judge(Case(action=go(), trust=TRUST, wall_ns=NOW_NS), policies_of(fleet).of('amr_1'))


def test_a_signed_codex_counts_and_one_that_was_changed_allows_nothing(
    codex: Path, key: Path
) -> None:
    fleet = fleet_of(codex, key.with_suffix('.pub'))
    seal(codex, key, 'ada')
    assert ruling(fleet).verdict is Verdict.ALLOW
    for name in ('POLICY.md', 'LAWS.md', 'operators.yaml'):
        text = (codex / name).read_text()
        (codex / name).write_text(text + '\n')
        said = ruling(fleet)
        assert said.verdict is Verdict.BLOCK
        assert f'codex: {name} was changed after it was signed' in said.reason
        (codex / name).write_text(text)
    assert ruling(fleet).verdict is Verdict.ALLOW


def test_without_a_key_in_the_plan_no_signature_is_asked_for(codex: Path) -> None:
    assert ruling(fleet_of(codex, None)).verdict is Verdict.ALLOW


def test_an_unsigned_codex_allows_nothing_where_a_key_is_named(codex: Path, key: Path) -> None:
    said = ruling(fleet_of(codex, key.with_suffix('.pub')))
    assert said.verdict is Verdict.BLOCK
    assert 'codex: it is not signed, CODEX.sig is missing' in said.reason


def test_the_signature_of_another_key_does_not_count(
    codex: Path, key: Path, tmp_path: Path
) -> None:
    make_key(tmp_path / 'eve.key')
    seal(codex, tmp_path / 'eve.key', 'ada')
    assert 'not by the key of the fleet plan' in seal_fault(codex, key.with_suffix('.pub'))


def test_who_signed_cannot_be_rewritten(codex: Path, key: Path) -> None:
    seal(codex, key, 'ada')
    sealed = (codex / FILE).read_text()
    (codex / FILE).write_text(sealed.replace('signed by ada', 'signed by eve'))
    assert 'not by the key' in seal_fault(codex, key.with_suffix('.pub'))


@pytest.mark.parametrize(
    'odd', ['', 'signature x\n', 'signed by ada\n' * 999, '\nsigned by ada\nsignature !!\n']
)
def test_a_seal_that_is_none_is_told_so(codex: Path, key: Path, odd: str) -> None:
    (codex / FILE).write_text(odd)
    assert seal_fault(codex, key.with_suffix('.pub')).startswith('codex: ')


def test_a_key_that_cannot_be_read_allows_nothing(codex: Path, key: Path, tmp_path: Path) -> None:
    seal(codex, key, 'ada')
    assert 'cannot be read' in seal_fault(codex, tmp_path / 'none.pub')
    (tmp_path / 'odd.pub').write_text('no key')
    assert 'cannot be read' in seal_fault(codex, tmp_path / 'odd.pub')


def test_a_private_key_is_never_written_over_and_for_its_owner_only(key: Path) -> None:
    assert key.stat().st_mode & 0o077 == 0
    with pytest.raises(VaultError, match='exists already'):
        make_key(key)


def plan_with(tmp_path: Path, codex: Path, key: str) -> Path:
    text = (CONFIG / 'fleets' / 'depot.yaml').read_text().replace('../', f'{CONFIG}/')
    path = tmp_path / 'plan.yaml'
    path.write_text(f'{text}\ncodex: {codex}\nrobots_dir: {CONFIG}/robots\n{key}')
    return path


def test_a_commander_signs_from_the_command_line_and_others_may_not(
    codex: Path, tmp_path: Path
) -> None:
    plan = plan_with(tmp_path, codex, 'codex_key: c.pub\n')
    where = ['--fleet', str(plan)]
    sign = ['codex', 'sign', '--key', str(tmp_path / 'c.key'), '--vault', str(tmp_path), *where]
    assert CliRunner().invoke(app, ['codex', 'key', str(tmp_path / 'c.key')]).exit_code == 0
    assert 'not signed' in str(CliRunner().invoke(app, ['codex', 'check', *where]).exception)
    (codex / 'operators.yaml').write_text('default: viewer\noperators: {ada: commander}\n')
    assert CliRunner().invoke(app, [*sign, '--operator', 'eve']).exit_code == 1
    signed = CliRunner().invoke(app, [*sign, '--operator', 'ada'])
    assert 'signed by ada' in signed.output, signed.exception
    checked = CliRunner().invoke(app, ['codex', 'check', *where])
    assert checked.output == 'the codex is as it was signed\n'


def test_a_check_without_a_key_in_the_plan_says_so(codex: Path, tmp_path: Path) -> None:
    plan = plan_with(tmp_path, codex, '')
    checked = CliRunner().invoke(app, ['codex', 'check', '--fleet', str(plan)])
    assert checked.exit_code == 1
    assert 'codex_key: no key is named' in str(checked.exception)
