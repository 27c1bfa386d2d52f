# SPDX-License-Identifier: Apache-2.0
"""Stages follow each other by what happened; a restart goes on and gives no order twice."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from swarm_config.errors import ConfigError
from swarm_supervisor.cli.playbook import step
from swarm_supervisor.core.playbooks import MAX_STEPS, Progress, Seen, Stage, StageState, advance
from swarm_supervisor.playbook_files import load_playbook, load_progress, save_progress

FILE = Path(__file__).parents[2] / 'config' / 'playbooks' / 'night_round.yaml'
STAGES = load_playbook(FILE)
SECOND = 10**9


def run(progress: Progress, *moments: Seen, stages: tuple[Stage, ...] = STAGES) -> Progress:
    for moment in moments:
        progress, _ = advance(stages, progress, moment)
    return progress


def test_an_order_a_gate_and_an_order() -> None:
    now = Seen(now_ns=SECOND)
    looking, action = advance(STAGES, Progress(stage='look'), now)
    assert (looking.state, action.order) == (StageState.RUNNING, 'survey west')
    asking = run(looking, replace(now, mission='complete'), now)
    assert (asking.stage, asking.state) == ('ask', StageState.WAITING)
    assert run(asking, now) == asking
    assert run(asking, replace(now, approved=True)).stage == 'round'
    assert run(asking, replace(now, approved=False)).stage == 'home'
    assert run(asking, Seen(now_ns=2000 * SECOND)).stage == 'home'


def test_a_failed_stage_is_tried_again_so_often_as_it_says() -> None:
    now, failed = Seen(now_ns=1), Seen(now_ns=1, mission='failed')
    second = run(Progress(stage='look'), now, failed, now)
    assert (second.stage, second.tries) == ('look', 2)
    assert run(second, failed).stage == 'home'
    last = run(Progress(stage='home'), now, failed)
    assert last.ended == 'failed: stage home: its mission is failed'
    assert run(last, now) == last


def test_a_playbook_that_goes_round_in_circles_ends() -> None:
    loop = (Stage(name='a', order='x', on_done='a'),)
    progress = Progress(stage='a')
    for _ in range(3 * MAX_STEPS):
        progress = run(progress, Seen(now_ns=1, mission='complete'), stages=loop)
    assert progress.ended == f'failed: more than {MAX_STEPS} steps'


def test_how_far_it_is_survives_and_a_broken_file_is_named(tmp_path: Path) -> None:
    place = tmp_path / 'x' / 'state.json'
    assert load_progress(place, STAGES) == Progress(stage='look')
    held = Progress(stage='ask', state=StageState.WAITING, since_ns=5, tries=1, steps=2)
    save_progress(place, held)
    assert load_progress(place, STAGES) == held
    place.write_text('{}')
    with pytest.raises(ConfigError, match='remove it to begin anew'):
        load_progress(place, STAGES)


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('stages: [{name: a, order: x, gate: y}]', 'expected an order or a gate'),
        ('stages: [{name: a, order: x, on_done: b}]', "there is no stage 'b'"),
        ('stages: [{name: a, order: x}, {name: a, order: y}]', 'stage names must differ'),
    ],
)
def test_a_playbook_that_cannot_be_run_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / 'p.yaml'
    file.write_text(f'playbook: x\n{text}\n')
    with pytest.raises(ConfigError, match=said):
        load_playbook(file)


class Supervisor:
    """Answers as one does; the same request id gets the first answer."""

    def __init__(self) -> None:
        self.given: dict[str, str] = {}

    def submit(self, text: str, *, operator: str, request_id: str) -> SimpleNamespace:
        mission = self.given.setdefault(request_id, f'm-{len(self.given)}')
        return SimpleNamespace(accepted=True, mission_id=mission, reason='')

    def missions(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(mission_id=m, status='open') for m in self.given.values()]


def test_a_restart_in_the_middle_of_an_order_gives_it_once(tmp_path: Path) -> None:
    place, supervisor = tmp_path / 'state.json', Supervisor()
    begun = step(supervisor, STAGES, load_progress(place, STAGES), place, 'ada')  # type: ignore[arg-type]
    assert load_progress(place, STAGES) == begun
    given = step(supervisor, STAGES, begun, place, 'ada')  # type: ignore[arg-type]
    again = step(supervisor, STAGES, begun, place, 'ada')  # type: ignore[arg-type]
    assert given == again == load_progress(place, STAGES)
    assert list(supervisor.given.values()) == ['m-0']
