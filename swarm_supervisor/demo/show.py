# SPDX-License-Identifier: Apache-2.0
"""Run a prepared demo: start the fleet, give the order, follow the script, wait for the end."""

import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from swarm.v1 import operator_pb2

from swarm_supervisor.client import OperatorClient, OperatorError
from swarm_supervisor.demo.cues import Cue, Stagehands, cues_of
from swarm_supervisor.demo.ended import ended
from swarm_supervisor.demo.fallen import fallen
from swarm_supervisor.demo.options import FOR_GOOD, DemoOptions, check_kills, killed_by
from swarm_supervisor.demo.prepare import Stage
from swarm_supervisor.demo.referee import RefereeReport, read_referee
from swarm_supervisor.demo.start_script import start_script
from swarm_supervisor.demo.story import APPROVER, GIVER, SIDE_ORDER
from swarm_supervisor.demo.view import View
from swarm_supervisor.fleet_processes import (
    link_spec,
    robot_specs,
    simulator_spec,
    supervisor_spec,
)
from swarm_supervisor.processes import ProcessGroup, ProcessSpec

READY_WITHIN_S = 45.0
SYNC_WITHIN_S = 10.0
PERIOD_S = 0.25


@dataclass(slots=True, kw_only=True)
class Shown:
    """What came of the show."""

    started: bool = False
    complete: bool = False
    mission_s: float = 0.0
    order_wall_ns: int = 0
    reason: str = ''
    fleet: operator_pb2.FleetState = field(default_factory=operator_pb2.FleetState)
    referee: RefereeReport = field(default_factory=RefereeReport)
    escalated: set[str] = field(default_factory=set)
    """Orders that wait for a human; only asked for where robots are killed for good."""
    cues: list[tuple[float, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    killed_at_stop: tuple[str, ...] = ()


def run_show(options: DemoOptions, stage: Stage, view: View) -> Shown:
    """Start everything, play the mission to its end and stop everything.

    The processes are stopped also when an exception passes through. SIGINT and SIGTERM are noted
    and obeyed between two looks: an exception in the middle of a call to gRPC can get lost there.

    Raises:
        ConfigError: A process to be killed does not exist; nothing was started.
        KeyboardInterrupt: SIGINT or SIGTERM came.
    """
    shown = Shown()
    specs = _specs(stage)
    check_kills(options.kills, [spec.name for spec in specs])
    group = ProcessGroup(stage.run.out_dir / 'logs')
    with _signals_noted() as asked, _stopped_at_the_end(group, shown):
        group.start_all(specs)
        with OperatorClient.of_vault(stage.supervisor, stage.run.supervisor_vault_dir) as client:
            _Show(
                options=options,
                stage=stage,
                group=group,
                client=client,
                view=view,
                shown=shown,
                asked=asked,
            ).play()
    return shown


@contextlib.contextmanager
def _signals_noted() -> Iterator[list[int]]:
    asked: list[int] = []
    chosen = (signal.SIGINT, signal.SIGTERM)
    before = {n: signal.signal(n, lambda number, _: asked.append(number)) for n in chosen}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _stopped_at_the_end(group: ProcessGroup, shown: Shown) -> Iterator[None]:
    try:
        yield
    finally:
        shown.killed_at_stop += group.stop()
        shown.notes += group.notes


def _specs(stage: Stage) -> list[ProcessSpec]:
    run = stage.run
    specs = [supervisor_spec(run), link_spec(stage.relay, stage.supervisor), simulator_spec(run)]
    specs += [spec for robot in run.fleet.robots for spec in robot_specs(run, robot.agent_id)]
    return [replace(s, environment={**s.environment, **stage.environment}) for s in specs]


class _Show:
    """One run of the script."""

    def __init__(
        self,
        *,
        options: DemoOptions,
        stage: Stage,
        group: ProcessGroup,
        client: OperatorClient,
        view: View,
        shown: Shown,
        asked: list[int],
    ) -> None:
        self._asked = asked
        self._options, self._stage, self._group = options, stage, group
        self._client, self._view, self._shown = client, view, shown
        self._order_s = 0.0

    def play(self) -> None:
        """The whole show; the reason of a failure is left in `shown`."""
        if not self._robots_registered():
            return
        self._shown.reason = start_script(self._stage.environment, self._stage.run.out_dir)
        if self._shown.reason:
            return
        if not (self._approved_order() if self._options.story else self._main_order()):
            return
        self._follow_script()
        self._wait_for_links()
        self._settle()

    def _robots_registered(self) -> bool:
        deadline = time.monotonic() + READY_WITHIN_S
        wanted = {robot.agent_id for robot in self._stage.run.fleet.robots}
        while time.monotonic() < deadline:
            self._tick()
            ready = {robot.agent_id for robot in self._shown.fleet.robots if _ready(robot)}
            self._view.waiting(sorted(ready), sorted(wanted - ready))
            if ready == wanted and self._shown.referee.present:
                self._shown.started = True
                return True
            if self._group.dead():
                break
        missing = ', '.join(sorted(wanted - ready)) or 'the simulator'
        self._shown.reason = (
            f'not ready within {READY_WITHIN_S:.0f} s: {missing}; read {self._log_dir()}'
        )
        return False

    def _log_dir(self) -> str:
        return str(self._stage.run.out_dir / 'logs')

    def _main_order(self) -> bool:
        self._order_s = time.monotonic()
        self._shown.order_wall_ns = time.time_ns()
        reply = self._submit('survey the whole map', 0.0)
        self._shown.reason = '' if reply.accepted else f'the order was not taken: {reply.reason}'
        return reply.accepted

    def _approved_order(self) -> bool:
        """The story's order: it waits for a human, and nothing moves before she has answered."""
        self._order_s, self._shown.order_wall_ns = time.monotonic(), time.time_ns()
        with self._as(GIVER) as giver:
            reply = giver.submit('survey the whole map', operator=GIVER, request_id='story/main')
        waiting = [q for q in self._client.pending() if q.status == 'open']
        self._note(f'{GIVER}: survey the whole map; it waits: {reply.reason[:80]}')
        if not waiting or reply.order_ids:
            self._shown.reason = f'the order did not wait for a human: {reply.reason}'
            return False
        self._tick()
        with self._as(APPROVER) as approver:
            done = approver.decide(
                waiting[0].pending_id,
                approve=True,
                operator=APPROVER,
                digest=waiting[0].digest,
                reason='seen, and the floor is free of people',
            )
        self._note(f'{APPROVER} approves {waiting[0].pending_id}: {done.reason or done.done}')
        self._order_s, self._shown.order_wall_ns = time.monotonic(), time.time_ns()
        self._shown.reason = '' if done.done else f'the approval did not count: {done.reason}'
        return bool(done.done)

    def _as(self, name: str) -> OperatorClient:
        vault = self._stage.run.supervisor_vault_dir
        return OperatorClient.of_vault(self._stage.supervisor, vault, name=name)

    def _side_order(self) -> None:
        with self._as(GIVER) as giver:
            reply = giver.submit(SIDE_ORDER, operator=GIVER, request_id='story/side')
        self._note(f'{GIVER}: {SIDE_ORDER!r}: {reply.reason}')

    def _submit(self, text: str, depart_s: float) -> operator_pb2.SubmitReply:
        not_before = self._shown.order_wall_ns + int(depart_s * 1e9) if depart_s else 0
        reply = self._client.submit(
            text,
            operator='demo',
            request_id=f'demo/{text}',
            not_before_ns=not_before,
            priority=8 if depart_s else 5,
        )
        self._note(f'order {text!r}: ' + ('accepted' if reply.accepted else reply.reason))
        return reply

    def _note(self, text: str) -> None:
        at_s = time.monotonic() - self._order_s
        self._shown.cues.append((at_s, text))
        self._view.note(at_s, text)

    def _follow_script(self) -> None:
        hands = Stagehands(
            link=lambda word: self._group.send_line('link', word),
            order=self._submit,
            kill=self._kill,
            side_order=self._side_order,
        )
        cues = cues_of(self._options, self._stage, hands)
        limit = self._options.time_limit_s or self._usual_limit_s()
        while not (self._over(cues) or self._fallen()) and self._elapsed() < limit:
            self._play_due(cues)
            self._tick()
            self._view.running(self._elapsed(), self._shown.fleet, self._shown.referee)
        self._shown.mission_s = self._elapsed()
        self._shown.complete = self._over(cues)
        if not self._shown.complete:
            why = self._fallen() or f'not done within {limit:.0f} s'
            self._shown.reason = f'{why}; read {self._log_dir()}'

    def _fallen(self) -> str:
        logs = self._stage.run.out_dir / 'logs'
        return fallen(self._group.dead(), self._options.lost, logs)

    def _kill(self, name: str) -> None:
        for process in killed_by(name, self._group.names()):
            self._group.kill(process, for_good=name.endswith(FOR_GOOD))

    def _usual_limit_s(self) -> float:
        """The demo as it is ends soon; another map or another number of robots may take longer."""
        as_it_is = self._options.map_path is None and self._options.robots is None
        as_it_is = as_it_is and not self._options.lost
        return 110.0 if as_it_is and not self._options.story else 290.0

    def _elapsed(self) -> float:
        return time.monotonic() - self._order_s

    def _play_due(self, cues: list[Cue]) -> None:
        while cues and cues[0].at_s <= self._elapsed():
            cue = cues.pop(0)
            self._note(cue.label)
            cue.act()

    def _over(self, cues: list[Cue]) -> bool:
        """Nothing is left that robots could do, and every robot stands at its home."""
        fleet = self._shown.fleet
        out = {robot.agent_id for robot in fleet.robots if robot.roster_state == 'revoked'}
        out |= self._options.lost
        wanted = {robot.agent_id for robot in self._stage.run.fleet.robots} - out
        over = not cues and ended(fleet, self._shown.escalated)
        return over and wanted <= set(self._shown.referee.robots_home)

    def _tick(self) -> None:
        time.sleep(PERIOD_S)
        if self._asked:
            raise KeyboardInterrupt
        self._group.poll()
        self._shown.referee = read_referee(self._stage.run.out_dir)
        with contextlib.suppress(OperatorError):
            self._shown.fleet = self._client.snapshot()
            if self._options.lost:
                self._shown.escalated = {one.order_id for one in self._client.escalations()}

    def _wait_for_links(self) -> None:
        """A robot may be home before its link is back; what it has buffered still has to go up."""
        deadline = time.monotonic() + SYNC_WITHIN_S
        while time.monotonic() < deadline:
            lost = self._options.lost
            if all(one.linked or one.agent_id in lost for one in self._shown.fleet.robots):
                return
            self._tick()

    def _settle(self) -> None:
        """Stop the robots, then let their planners send the last events up."""
        names = self._group.names()
        first = [n for n in names if n.endswith(('.situation', '.reflex'))]
        last = [n for n in names if n.endswith(('.planner', '.composed'))]
        self._shown.killed_at_stop += self._group.stop(first)
        self._shown.killed_at_stop += self._group.stop(last, within_s=SYNC_WITHIN_S)


def _ready(robot: operator_pb2.RobotState) -> bool:
    """Linked, and it has told where it is and its charge: an order now goes by what is true."""
    told = robot.telemetry
    return robot.linked and told.HasField('pose') and told.HasField('battery')
