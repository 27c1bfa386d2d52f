# SPDX-License-Identifier: Apache-2.0
"""`./swarm`: steps, stamps, needs and the environment of a job."""

import io
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bootstrap import dispatch, needs, setup, site, stamps, steps, teach
from bootstrap.environment import TEST_DOMAINS, job_environment
from bootstrap.problem import SetupError
from bootstrap.progress import Progress
from bootstrap.site import CHECKOUT, Site, sourced_distro

WHEELS = {'ROS_DISTRO': 'jazzy'}


@pytest.fixture
def here(tmp_path):
    """A checkout with locks and interfaces, without anything done."""
    for folder in ('locks', 'swarm_msgs/msg', 'swarm_msgs/action'):
        shutil.copytree(CHECKOUT / folder, tmp_path / folder)
    for name in ('CMakeLists.txt', 'package.xml'):
        shutil.copy(CHECKOUT / 'swarm_msgs' / name, tmp_path / 'swarm_msgs')
    return Site(checkout=tmp_path, distro=None)


def do(step, where):
    proof = step.proof(where)
    proof.parent.mkdir(parents=True, exist_ok=True)
    proof.touch()
    stamps.mark_done(step, where)


def do_all(where):
    for step in steps.base_steps(where):
        do(step, where)


def open_names(where):
    return [step.name for step in setup.pending(where, steps.base_steps(where))]


def test_a_fresh_checkout_has_every_step_before_it(here):
    assert open_names(here) == ['venv', 'ros', 'build', 'main', 'messages']


def test_a_sourced_ros_needs_no_wheels(here):
    assert open_names(replace(here, distro='jazzy')) == ['venv', 'build', 'main', 'messages']


def test_a_finished_set_up_has_nothing_before_it(here):
    do_all(here)
    assert open_names(here) == []


def test_a_changed_interface_rebuilds_only_the_messages(here):
    do_all(here)
    (here.checkout / 'swarm_msgs' / 'msg' / 'Heartbeat.msg').write_text('uint64 other\n')
    assert open_names(here) == ['messages']


def test_a_changed_lock_repeats_its_step_and_what_follows(here):
    do_all(here)
    here.lock_file('build').write_text('other==1\n')
    assert open_names(here) == ['build', 'main', 'messages']


def test_a_changed_library_does_not_rebuild_the_messages(here):
    do_all(here)
    here.lock_file('main').write_text('other==1\n')
    assert open_names(here) == ['main']


def test_a_vanished_environment_is_made_anew_with_all_that_was_in_it(here):
    do_all(here)
    here.python.unlink()
    assert open_names(here) == ['venv', 'ros', 'build', 'main']


def test_a_moved_checkout_is_set_up_again(here, tmp_path):
    do_all(here)
    moved = tmp_path / 'moved'
    for name in ('locks', 'swarm_msgs', '.venv', '.build'):
        shutil.move(here.checkout / name, moved / name)
    assert len(open_names(replace(here, checkout=moved))) == 5


def test_an_interrupted_step_is_done_again_and_finished_ones_are_not(here, monkeypatch):
    done = []

    def fill(step):
        def run(where, _progress):
            done.append(step.name)
            if step.name == 'build' and done.count('build') == 1:
                raise KeyboardInterrupt
            step.proof(where).parent.mkdir(parents=True, exist_ok=True)
            step.proof(where).touch()

        return replace(step, run=run)

    planned = [fill(step) for step in steps.base_steps(here)]
    monkeypatch.setattr(setup, 'check_needs', lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        setup.set_up(here, planned, {})
    setup.set_up(here, planned, {})
    setup.set_up(here, planned, {})
    assert done == ['venv', 'ros', 'build', 'build', 'main', 'messages']


def test_a_missing_compiler_is_named_with_its_package(here, tmp_path):
    assert 'g++' in needs.missing_packages(str(tmp_path))
    with pytest.raises(SetupError, match=r'missing: .*a C\+\+ compiler.*sudo apt install .*g\+\+'):
        needs.check_needs(here, {'PATH': str(tmp_path)})


def test_a_ros_that_is_too_old_is_refused(here):
    with pytest.raises(SetupError, match='ROS 2 humble is sourced, but Jazzy or a later one'):
        needs.check_needs(replace(here, distro='humble'), {'PATH': ''})


def test_cmake_comes_from_a_wheel_only_where_it_is_missing(tmp_path):
    assert needs.lacks_cmake(str(tmp_path))
    for program in ('cmake', 'ninja'):
        (tmp_path / program).touch(mode=0o755)
    assert not needs.lacks_cmake(str(tmp_path))


def prefix_with_ros(folder: Path) -> str:
    index = folder / site.PACKAGES
    index.mkdir(parents=True)
    (index / 'rcl_interfaces').touch()
    return str(folder)


def test_a_sourced_ros_is_found(tmp_path):
    environment = {'AMENT_PREFIX_PATH': f'/nowhere:{prefix_with_ros(tmp_path)}', **WHEELS}
    assert sourced_distro(environment) == 'jazzy'


def test_the_wheels_are_no_sourced_ros(tmp_path):
    environment = {'AMENT_PREFIX_PATH': prefix_with_ros(tmp_path), **WHEELS}
    (tmp_path / 'pyvenv.cfg').touch()
    assert sourced_distro(environment) is None
    assert sourced_distro({}) is None


def test_a_job_has_the_wheels_and_the_checkout_and_nothing_of_another_ros(here):
    user = {'PATH': '/bin', 'PYTHONPATH': '/other', 'AMENT_PREFIX_PATH': '/other'}
    job = job_environment(here, user, 'up')
    assert job['AMENT_PREFIX_PATH'] == f'{here.messages}:{here.venv}'
    assert job['PYTHONPATH'].split(':')[0] == str(here.checkout)
    assert '/other' not in ':'.join(job.values())
    assert job['PATH'] == f'{here.venv}/bin:/bin'
    assert 'ROS_AUTOMATIC_DISCOVERY_RANGE' not in job


def test_a_job_with_a_sourced_ros_keeps_its_paths(here):
    sourced = replace(here, distro='jazzy')
    user = {'PATH': '/bin', 'PYTHONPATH': '/opt/py', 'AMENT_PREFIX_PATH': '/opt/ros'}
    job = job_environment(sourced, user, 'up')
    assert job['AMENT_PREFIX_PATH'].endswith(':/opt/ros')
    assert job['PYTHONPATH'].endswith(':/opt/py')


def test_demo_and_tests_stay_on_the_machine_unless_the_user_says_otherwise(here):
    job = job_environment(here, {}, 'demo')
    assert job['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    assert int(job['ROS_DOMAIN_ID']) in TEST_DOMAINS
    chosen = {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET', 'ROS_DOMAIN_ID': '7'}
    assert job_environment(here, chosen, 'demo').items() >= chosen.items()


def test_wheels_get_the_headers_of_this_machine():
    exported = (
        'A "/opt/python/cp311-cp311/include/python3.11"\n'
        'B "/opt/python/cp311-cp311/lib/python3.11/site-packages/numpy/_core/include"\n'
        'C "/opt/ros/jazzy/include"\n'
    )
    assert steps.mended(exported, '/usr/include/python3.11', '/numpy') == (
        'A "/usr/include/python3.11"\nB "/numpy"\nC "/opt/ros/jazzy/include"\n'
    )


def test_a_sourced_ros_keeps_its_numpy():
    lock = (CHECKOUT / 'locks' / 'main.lock').read_text(encoding='utf-8')
    assert 'numpy==' in lock
    names = [line.split('==')[0] for line in lock.splitlines() if line[0] not in ' #']
    rest = [line for line in steps.without(lock, 'numpy').splitlines() if line[0] not in ' #']
    assert [line.split('==')[0] for line in rest] == [name for name in names if name != 'numpy']


def test_the_language_model_is_set_up_only_when_asked_for(here):
    def names(*words):
        return [step.name for step in dispatch.needed_steps(here, words)]

    assert 'slm' not in names('demo')
    assert 'slm' in names('demo', '--slm')
    assert names('test')[-1] == 'dev'
    assert names('test', '--all')[-3:] == ['dev', 'recall', 'slm']
    assert names('setup', '--recall')[-1] == 'recall'


def progress_in(folder):
    lock = (folder / 'lock').open('w')
    return Progress(steps=1, log_dir=folder, lock_fd=lock.fileno(), out=io.StringIO()), lock


def test_a_failing_program_is_reported_with_its_last_words(tmp_path):
    progress, lock = progress_in(tmp_path)
    script = "print('no such package'); raise SystemExit(3)"
    with (
        lock,
        progress.step('one', 'first step'),
        pytest.raises(SetupError, match=r'(?s)first step: .* exit code 3 .*no such package'),
    ):
        progress.run([sys.executable, '-c', script])


def test_plain_lines_are_shown_where_there_is_no_terminal(tmp_path):
    lock = (tmp_path / 'lock').open('w')
    out = io.StringIO()
    progress = Progress(steps=2, log_dir=tmp_path, lock_fd=lock.fileno(), out=out)
    with lock, progress.step('one', 'first step'):
        progress.run([sys.executable, '-c', 'print("many words")'])
    assert out.getvalue() == '[1/2] first step …\n[1/2] first step: done in 0 s\n'
    assert (tmp_path / 'one.log').read_text() == 'many words\n'


def test_an_unknown_command_is_refused_with_the_nearest_one(capsys):
    assert dispatch._refuse('dmeo') == 2
    assert "no command 'dmeo'; did you mean 'demo'?" in capsys.readouterr().err


def test_help_names_every_command():
    shown = teach.help_text()
    assert all(f'  {name} ' in shown for name in (*teach.JOBS, *teach.OWN))


@pytest.mark.parametrize(
    ('words', 'expected'), [('./swarm de', 'demo'), ('./swarm com', 'completion')]
)
def test_bash_completes_the_first_word(words, expected):
    command, first = words.split()
    script = (
        f'{teach.completion_script("bash")}\n'
        f'COMP_WORDS=({words}); COMP_CWORD=1; _swarm_completion {command} {first} {command}\n'
        'echo "${COMPREPLY[0]}"'
    )
    answer = subprocess.run(['bash', '-c', script], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == expected


def test_no_completion_for_an_unknown_shell():
    assert teach.completion_script('fish') is None


def test_help_knows_the_commands_of_the_cli():
    from swarm_supervisor.cli.app import COMMANDS

    assert set(teach.JOBS) == set(COMMANDS)
