# SPDX-License-Identifier: Apache-2.0
"""The environment in which the project's programs run."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bootstrap.site import Site

LOCAL_COMMANDS = ('demo', 'test', 'bench')
"""Their ROS 2 traffic stays on the machine unless the user says otherwise."""
TEST_DOMAINS = range(60, 100)


def job_environment(site: Site, environment: Mapping[str, str], command: str) -> dict[str, str]:
    """The environment of a job: ROS 2, swarm_msgs and the checkout in place.

    Args:
        site: Checkout and kind of ROS 2.
        environment: The user's.
        command: The first word of the command line.
    """
    job = base_environment(site, environment)
    _prepend(job, 'AMENT_PREFIX_PATH', [site.messages])
    _prepend(job, 'LD_LIBRARY_PATH', [site.messages / 'lib'])
    _prepend(job, 'PYTHONPATH', _python_path(site))
    for name in ('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS'):
        job.setdefault(name, '1')
    if command in LOCAL_COMMANDS:
        job.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        job.setdefault('ROS_DOMAIN_ID', str(TEST_DOMAINS[os.getpid() % len(TEST_DOMAINS)]))
    return job


def base_environment(site: Site, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which swarm_msgs is built: the virtual environment and ROS 2."""
    job = dict(environment)
    job['VIRTUAL_ENV'] = str(site.venv)
    job['PYTHONNOUSERSITE'] = '1'
    job.pop('PYTHONHOME', None)
    _prepend(job, 'PATH', [site.venv / 'bin'])
    if site.distro is None:
        job.update(_wheels(site))
        job.pop('PYTHONPATH', None)
    return job


def _wheels(site: Site) -> dict[str, str]:
    """The virtual environment is itself the ROS 2 prefix, and the only one."""
    libraries = [site.venv / 'lib', *sorted(site.site_packages.glob('ros_*.libs'))]
    return {
        'ROS_DISTRO': 'jazzy',
        'ROS_VERSION': '2',
        'ROS_PYTHON_VERSION': '3',
        'RMW_IMPLEMENTATION': 'rmw_fastrtps_cpp',
        'AMENT_PREFIX_PATH': str(site.venv),
        'CMAKE_PREFIX_PATH': str(site.venv),
        'LD_LIBRARY_PATH': ':'.join(map(str, libraries)),
        '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1',
    }


def _python_path(site: Site) -> list[Path]:
    built = [
        *site.messages.glob('lib/python3*/site-packages'),
        *site.messages.glob('local/lib/python3*/dist-packages'),
    ]
    return [site.checkout, site.checkout / 'swarm_msgs' / 'python', *built]


def _prepend(environment: dict[str, str], name: str, paths: Sequence[Path]) -> None:
    before = [p for p in environment.get(name, '').split(':') if p]
    new = [str(path) for path in paths]
    environment[name] = ':'.join([*new, *(p for p in before if p not in new)])
