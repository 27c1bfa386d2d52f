# SPDX-License-Identifier: Apache-2.0
"""Refuse before long work a file that could not be written after it."""

import argparse
import os
from pathlib import Path

from swarm_config.errors import ConfigError


def check_output(path: Path | None, option: str) -> None:
    """Check that a file can be written.

    Raises:
        ConfigError: It is a folder, its folder is not there, or may not be written.
    """
    if path is None:
        return
    place = path if path.exists() else path.parent
    if path.is_dir() or not path.parent.is_dir() or not os.access(place, os.W_OK):
        raise ConfigError(f'{option} {str(path)[:99]!r}: name a file that can be written')


def output_file(text: str) -> Path:
    """The type of an argument that names a file to write.

    Raises:
        argparse.ArgumentTypeError: It could not be written.
    """
    try:
        check_output(Path(text), 'FILE')
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return Path(text)
