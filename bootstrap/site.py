# SPDX-License-Identifier: Apache-2.0
"""Which ROS 2 is used, and where what belongs to it is kept in the checkout."""

import platform
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
OLDEST_DISTRO = 'jazzy'
"""ROS 2 distributions are named in the order of the alphabet."""
PACKAGES = Path('share/ament_index/resource_index/packages')


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A checkout with one kind of ROS 2: from wheels, or the one that is sourced."""

    checkout: Path
    distro: str | None
    """The sourced distribution; None for the wheels."""

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.checkout / ('.venv' if self.distro is None else f'.venv-{self.distro}')

    @property
    def python(self) -> Path:
        """The virtual environment's interpreter."""
        return self.venv / 'bin' / 'python'

    @property
    def build(self) -> Path:
        """What is built, logs, and the lock of the set-up."""
        return self.checkout / '.build' / (self.distro or 'wheels')

    @property
    def site_packages(self) -> Path:
        """Where the virtual environment's packages lie."""
        return self.venv / 'lib' / f'python{python_version()}' / 'site-packages'

    @property
    def messages(self) -> Path:
        """The install prefix of swarm_msgs."""
        return self.build / 'install' / 'swarm_msgs'

    def lock_file(self, name: str) -> Path:
        """The lock of a group of packages."""
        return self.checkout / 'locks' / f'{name}.lock'


def python_version() -> str:
    """Major and minor version of this Python, as paths spell it."""
    return f'{sys.version_info.major}.{sys.version_info.minor}'


def interpreter() -> str:
    """What must stay the same for installed packages to stay usable."""
    return f'{python_version()} {sysconfig.get_config_var("SOABI")} {platform.machine()}'


def base_python() -> str:
    """This interpreter, outside of any virtual environment."""
    return str(getattr(sys, '_base_executable', sys.executable))


def sourced_distro(environment: Mapping[str, str]) -> str | None:
    """The ROS 2 distribution that is sourced; None where there is none.

    A virtual environment made from wheels is none, so `./swarm` may call itself.
    """
    distro = environment.get('ROS_DISTRO')
    prefixes = [Path(p) for p in environment.get('AMENT_PREFIX_PATH', '').split(':') if p]
    real = [
        prefix
        for prefix in prefixes
        if (prefix / PACKAGES / 'rcl_interfaces').exists() and not (prefix / 'pyvenv.cfg').exists()
    ]
    return distro if distro and real else None
