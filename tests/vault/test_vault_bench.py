# SPDX-License-Identifier: Apache-2.0
"""The bench measures what it says, each figure beside its control."""

import json
from pathlib import Path

from typer.testing import CliRunner

from swarm_supervisor.cli.bench import app
from swarm_vault.bench import AGENT, WRITER, synthesise
from swarm_vault.keys import ensure_authority
from swarm_vault.verify import verify_vault


def test_the_bench_tells_rows_of_name_value_unit_and_control(tmp_path: Path):
    arguments = ['vault', '--records', '1000', '--recover', '1000', '--folder', str(tmp_path)]
    result = CliRunner().invoke(app, [*arguments, '--json'])
    assert result.exit_code == 0, result.exception
    rows = {row['name']: row for row in json.loads(result.stdout)}
    assert set(rows['append_chained']) == {'name', 'value', 'unit', 'control'}
    assert {'append_committed_indexed', 'append_synced_each', 'verify', 'recover_1000'} <= set(
        rows
    )
    assert all(row['value'] > 0 for name, row in rows.items() if 'power_cut' not in name)
    assert list(tmp_path.iterdir()) == []


def test_what_the_bench_makes_up_is_a_valid_log(tmp_path: Path):
    ensure_authority(tmp_path, [AGENT])
    synthesise(tmp_path, 300)
    (writer,) = verify_vault(tmp_path).writers
    assert (writer.writer, writer.ok, writer.covered) == (f'{AGENT}/{WRITER}', True, 300)
