# SPDX-License-Identifier: Apache-2.0
"""Where a demo writes is checked before anything starts, and what others wrote stays."""

from pathlib import Path

import pytest

from swarm_config.errors import ConfigError
from swarm_supervisor.demo.options import DemoOptions
from swarm_supervisor.demo.prepare import prepare

CONFIG = Path(__file__).resolve().parents[2] / 'config'


def test_an_output_that_is_a_file_is_refused_and_kept(tmp_path: Path):
    out = tmp_path / 'notes.txt'
    out.write_text('mine')
    with pytest.raises(ConfigError, match=r'--out .*Not a directory; name a folder'):
        prepare(DemoOptions(out_dir=out), CONFIG)
    assert out.read_text() == 'mine'


def test_a_folder_of_someone_else_is_refused_and_kept(tmp_path: Path):
    (tmp_path / 'notes.txt').write_text('mine')
    with pytest.raises(ConfigError, match='no demo wrote'):
        prepare(DemoOptions(out_dir=tmp_path), CONFIG)
    assert (tmp_path / 'notes.txt').read_text() == 'mine'


@pytest.mark.parametrize('name', ['a' * 300, 'file/below'])
def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, name: str):
    (tmp_path / 'file').write_text('')
    with pytest.raises(ConfigError, match='name a folder that can be made'):
        prepare(DemoOptions(out_dir=tmp_path / name), CONFIG)


@pytest.mark.parametrize('name', ['.', 'absent/figures.json'])
def test_figures_that_could_not_be_written_are_refused_before_the_run(tmp_path: Path, name: str):
    options = DemoOptions(out_dir=tmp_path / 'out', json_path=tmp_path / name)
    with pytest.raises(ConfigError, match='--json'):
        prepare(options, CONFIG)
