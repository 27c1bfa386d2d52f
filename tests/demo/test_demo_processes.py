# SPDX-License-Identifier: Apache-2.0
"""The process group starts again what dies and leaves nothing behind."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from swarm_supervisor.processes import ENDS_WITH_US, ProcessGroup, ProcessSpec

WAIT = 'import time, sys\nprint("up", flush=True)\ntime.sleep(600)'
DEAF = (
    'import signal, time\n'
    'signal.signal(signal.SIGTERM, signal.SIG_IGN)\n'
    'print("up", flush=True)\ntime.sleep(600)'
)


def spec(name: str, code: str, **more: object) -> ProcessSpec:
    return ProcessSpec(name=name, argv=(sys.executable, '-c', code), **more)


@pytest.fixture
def group(tmp_path):
    made = ProcessGroup(tmp_path)
    yield made
    made.stop(within_s=1.0)


def eventually(condition, deadline_s=20.0):
    pause, end = threading.Event(), time.monotonic() + deadline_s
    while time.monotonic() < end:
        if condition():
            return True
        pause.wait(0.02)
    return False


def until(condition, group):
    return eventually(lambda: [group.poll(), condition()][1])


def ended(pid):
    """Gone, or dead and awaited by nobody."""
    try:
        stat = Path(f'/proc/{pid}/stat').read_text()
    except FileNotFoundError:
        return True
    return stat.rsplit(')', 1)[1].split()[0] == 'Z'


def test_a_killed_process_is_started_again(group):
    first = group.start(spec('a', WAIT)).pid
    group.kill('a')
    assert until(lambda: group.notes and group._running['a'].popen.pid != first, group)
    assert 'SIGKILL' in group.notes[0]


def test_a_process_that_must_not_restart_is_reported_dead(group):
    group.start(spec('a', 'raise SystemExit(3)', restart=False))
    assert until(lambda: group.dead() == ('a',), group)


def test_stop_ends_all_and_names_the_one_that_had_to_be_killed(group, tmp_path):
    gentle, deaf = group.start(spec('gentle', WAIT)), group.start(spec('deaf', DEAF))
    assert until(lambda: 'up' in (tmp_path / 'deaf.log').read_text(), group)
    assert group.stop(within_s=0.5) == ('deaf',)
    assert gentle.poll() is not None
    assert deaf.poll() is not None


def test_to_stop_none_stops_none(group):
    running = group.start(spec('a', WAIT))
    assert group.stop([]) == ()
    assert (group.names(), running.poll()) == (('a',), None)


def test_a_line_for_a_process_that_has_just_died_is_noted_and_ends_nothing(group):
    dead = group.start(spec('link', 'raise SystemExit(0)', stdin=True))
    dead.wait()
    group.send_line('link', 'down')
    assert group.notes == ["link was not there to be told 'down'"]
    dead.stdin.close()


def test_lower_ranks_are_stopped_first(group, tmp_path):
    path = tmp_path / 'order'
    code = (
        'import signal, sys, time\n'
        f'note = lambda *_: (open({str(path)!r}, "a").write(NAME), sys.exit(0))\n'
        'signal.signal(signal.SIGTERM, note)\n'
        'print("up", flush=True)\ntime.sleep(600)'
    )
    for name, rank in (('b', 2), ('a', 1)):
        group.start(spec(name, f'NAME = {name!r}\n{code}', stop_rank=rank))
    logs = [tmp_path / 'a.log', tmp_path / 'b.log']
    assert until(lambda: all('up' in log.read_text() for log in logs), group)
    group.stop()
    assert path.read_text() == 'ab'


@pytest.mark.skipif(not ENDS_WITH_US, reason='setpriv of util-linux is not installed')
def test_processes_of_a_group_that_was_killed_stop(tmp_path):
    code = (
        'import sys, time\nfrom pathlib import Path\n'
        'from swarm_supervisor.processes import ProcessGroup, ProcessSpec\n'
        'group = ProcessGroup(Path(sys.argv[1]))\n'
        f'argv = (sys.executable, "-c", {WAIT!r})\n'
        'print(group.start(ProcessSpec(name="a", argv=argv)).pid, flush=True)\ntime.sleep(600)'
    )
    argv = (sys.executable, '-c', code, str(tmp_path))
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as killed:
        child = int(killed.stdout.readline())
        log = tmp_path / 'a.log'
        assert eventually(lambda: 'up' in log.read_text())
        killed.kill()
        assert eventually(lambda: ended(child))
