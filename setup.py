# SPDX-License-Identifier: Apache-2.0
"""The ament_python package hybrid_swarm: nodes, CLI, launch files and configuration."""

from pathlib import Path

from setuptools import find_namespace_packages, setup

NAME = 'hybrid_swarm'
ROOMS = (
    'swarm_config',
    'swarm_vault',
    'swarm_reflex',
    'swarm_agent',
    'swarm_sim',
    'swarm_supervisor',
)
ROOT = Path(__file__).parent


def wanted(lock: str) -> list[str]:
    """The packages that a lock is made for."""
    lines = (ROOT / 'locks' / f'{lock}.in').read_text(encoding='utf-8').splitlines()
    return [line for line in lines if line and not line.startswith('#')]


def shared(folder: str) -> list[tuple[str, list[str]]]:
    """Files below a folder, for share/hybrid_swarm."""
    files = [p for p in sorted((ROOT / folder).rglob('*')) if p.is_file() and p.suffix != '.pyc']
    places = sorted({p.parent.relative_to(ROOT) for p in files})
    return [
        (
            f'share/{NAME}/{place}',
            [str(p.relative_to(ROOT)) for p in files if p.parent == ROOT / place],
        )
        for place in places
    ]


setup(
    name=NAME,
    version='0.1.0',
    description='Mission command for ROS 2 fleets',
    license='Apache-2.0',
    maintainer='hybrid_swarm maintainers',
    maintainer_email='maintainers@hybrid-swarm.invalid',
    python_requires='>=3.10',
    packages=[
        *find_namespace_packages(include=[part for room in ROOMS for part in (room, f'{room}.*')]),
        'swarm',
        'swarm.v1',
    ],
    package_dir={'swarm': 'swarm_msgs/python/swarm'},
    package_data={
        '': [
            '*.md',
            '*.yaml',
            '*.xml',
            '*.json',
            '*.html',
            '*.css',
            '*.js',
            '*.gbnf',
            '*.pyi',
            '*.csv',
            '*.jsonl',
            '*.pddl',
            '*.xml',
            '*.txt',
            'LICENSE',
        ]
    },
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
        *shared('launch'),
        *shared('config'),
    ],
    install_requires=['setuptools', *wanted('main')],
    extras_require={'slm': wanted('slm'), 'recall': wanted('recall'), 'bench': wanted('bench')},
    zip_safe=False,
    entry_points={
        'console_scripts': [
            'swarm = swarm_supervisor.cli:main',
            'reflex = swarm_reflex.node:main',
            'watchdog = swarm_reflex.watchdog:main',
            'collision_monitor = swarm_reflex.monitor.node:main',
            'situation = swarm_agent.situation.node:main',
            'planner = swarm_agent.planner.node:main',
            'composed = swarm_agent.composed:main',
            'simulation = swarm_sim.node:main',
            'link = swarm_sim.link:main',
            'supervisor = swarm_supervisor.server:main',
        ],
    },
)
