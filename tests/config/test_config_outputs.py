# SPDX-License-Identifier: Apache-2.0
"""A file that could not be written is refused before the work that would fill it."""

import argparse

import pytest

from swarm_config.errors import ConfigError
from swarm_config.outputs import check_output, output_file


def test_file_that_is_there_or_may_be_made_is_taken(tmp_path):
    old = tmp_path / 'old.json'
    old.write_text('{}')
    assert output_file(str(old)) == old
    assert output_file(str(tmp_path / 'new.json')) == tmp_path / 'new.json'
    assert old.read_text() == '{}'
    assert not (tmp_path / 'new.json').exists()


@pytest.mark.parametrize('name', ['.', 'nowhere/figures.json', 'file.txt/figures.json'])
def test_folder_and_file_in_no_folder_are_refused_with_the_option(tmp_path, name):
    (tmp_path / 'file.txt').touch()
    with pytest.raises(ConfigError, match=r"^--json '.*': name a file that can be written$"):
        check_output(tmp_path / name, '--json')
    with pytest.raises(argparse.ArgumentTypeError, match='name a file that can be written'):
        output_file(str(tmp_path / name))


def test_no_file_is_no_fault():
    check_output(None, '--json')
