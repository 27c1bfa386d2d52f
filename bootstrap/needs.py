# SPDX-License-Identifier: Apache-2.0
"""What must be there before a set-up, and the Debian package that brings it."""

import importlib.util
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from bootstrap.problem import SetupError
from bootstrap.site import OLDEST_DISTRO, Site, base_python, python_version

CXX = ('c++', 'g++', 'clang++')
CC = ('cc', 'gcc', 'clang')
NEWEST_WHEELS = (3, 14)
INSTALL_ROS = 'install ROS 2 Jazzy (package ros-jazzy-ros-base), source its setup.bash'


def check_needs(site: Site, environment: Mapping[str, str]) -> None:
    """Look for all that a set-up takes from the machine.

    Raises:
        SetupError: Something is missing; one sentence names it and how to install it.
    """
    _check_ros(site)
    missing = missing_packages(environment.get('PATH', ''))
    if missing:
        raise SetupError(
            f'missing: {" and ".join(missing.values())}; install with "sudo apt install '
            f'{" ".join(missing)}" (Debian, Ubuntu) and start again.'
        )


def missing_packages(path: str) -> dict[str, str]:
    """Debian packages that are missing, each with what it would bring.

    Args:
        path: The PATH to look for programs in.
    """
    found = {
        'python3-venv': (
            'the Python module venv',
            all(importlib.util.find_spec(name) for name in ('venv', 'ensurepip')),
        ),
        f'python{python_version()}-dev': (
            'the headers of Python',
            (Path(sysconfig.get_path('include')) / 'Python.h').is_file(),
        ),
        'g++': ('a C++ compiler', _any_of(CXX, path) and _any_of(CC, path)),
    }
    return {package: what for package, (what, there) in found.items() if not there}


def lacks_cmake(path: str) -> bool:
    """Whether cmake, or make and ninja, have to come from wheels."""
    return not (_any_of(('cmake',), path) and _any_of(('make', 'ninja'), path))


def _any_of(programs: tuple[str, ...], path: str) -> bool:
    return any(shutil.which(program, path=path) for program in programs)


def _check_ros(site: Site) -> None:
    if site.distro is None:
        _check_wheels_fit()
    elif site.distro < OLDEST_DISTRO:
        raise SetupError(
            f'ROS 2 {site.distro} is sourced, but Jazzy or a later one is needed; open a shell '
            'without it (then ROS 2 comes from wheels) or source a newer one, and start again.'
        )
    elif not _imports_rclpy():
        raise SetupError(
            f'{base_python()} cannot import rclpy of the sourced ROS 2 {site.distro}; put the '
            f'Python that it was built for first on PATH, or install ros-{site.distro}-rclpy.'
        )


def _imports_rclpy() -> bool:
    ask = [base_python(), '-c', 'import rclpy']
    return subprocess.run(ask, check=False, capture_output=True).returncode == 0


def _check_wheels_fit() -> None:
    if platform.system() != 'Linux' or platform.machine() != 'x86_64':
        raise SetupError(
            f'there are no ROS 2 wheels for {platform.system()} on {platform.machine()}; '
            f'{INSTALL_ROS} and start again.'
        )
    if sys.version_info[:2] > NEWEST_WHEELS:
        raise SetupError(
            f'there are no ROS 2 wheels for Python {python_version()}; put Python 3.10 to 3.14 '
            'first on PATH as python3 and start again.'
        )
