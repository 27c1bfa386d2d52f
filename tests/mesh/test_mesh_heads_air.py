# SPDX-License-Identifier: Apache-2.0
"""Over real Zenoh: heads are proved and countersigned, and a log that was put back is noticed."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mesh_air import fleet_file, until

from swarm_agent.mesh.session import MeshSession
from swarm_agent.mesh.witnessing import WitnessDesk
from swarm_vault.keys import ensure_authority, hand_over
from swarm_vault.recorder import Kind, Recorder
from swarm_vault.segments import log_folder

TEAM = ('amr_1', 'amr_2')
FAST_NS = 50_000_000


@dataclass
class Robot:
    """As much of a situation node as hears and says heads."""

    vault: Path
    name: str
    mesh: MeshSession
    desk: WitnessDesk
    refused: list[dict[str, Any]] = field(default_factory=list)

    def live(self) -> None:
        self.refused += self.desk.hear(self.mesh.drain().heads)
        for words in self.desk.words(time.monotonic_ns(), time.time_ns()):
            self.mesh.publish_heads(words)

    def log(self) -> Path:
        return log_folder(self.vault, self.name, 'reflex')

    def grow(self) -> None:
        recorder = Recorder(vault_dir=self.vault, agent_id=self.name, writer='reflex')
        recorder.event(Kind.MESSAGE, 'test.said', {})
        recorder.close()


@pytest.fixture
def robots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Robot]]:
    monkeypatch.setattr('swarm_agent.mesh.witnessing.SAY_EVERY_NS', FAST_NS)
    ensure_authority(tmp_path / 'keys', TEAM)
    fleet, made = fleet_file(tmp_path, 'scouting: false'), []
    with ExitStack() as stack:
        for name in TEAM:
            vault = tmp_path / name
            hand_over(tmp_path / 'keys', vault, [name])
            recorder = Recorder(vault_dir=vault, agent_id=name, writer='situation')
            stack.callback(recorder.close)
            mesh = MeshSession(name, fleet, vault)
            stack.callback(mesh.close)
            made.append(Robot(vault, name, mesh, WitnessDesk(vault, name, TEAM, recorder)))
            made[-1].grow()
        yield made


def live_until(robots: list[Robot], condition) -> bool:
    def lived() -> bool:
        for robot in robots:
            robot.live()
        return bool(condition())

    return until(lived)


def test_a_log_that_was_put_back_while_the_fleet_runs_is_noticed_by_the_peer(
    robots: list[Robot], tmp_path: Path
):
    one, other = robots

    def held() -> int:
        return other.desk.witness.held('amr_1/reflex')

    assert live_until(robots, lambda: held() == 3)
    shutil.copytree(one.log(), tmp_path / 'old')
    for lines in (6, 9):
        one.grow()
        assert live_until(robots, lambda lines=lines: held() == lines)
    assert (one.refused, other.refused) == ([], [])
    shutil.rmtree(one.log())
    shutil.copytree(tmp_path / 'old', one.log())
    for _ in range(4):
        one.grow()
    assert live_until(robots, lambda: other.refused)
    assert other.refused[0]['why'] == 'forked'
    assert held() == 9
