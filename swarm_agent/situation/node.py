# SPDX-License-Identifier: Apache-2.0
"""The situation node: `python -m swarm_agent.situation.node --ros-args -r __ns:=/amr_1 -p …`.

A thin shell: take what has come, let the core decide when a scan is there, record, publish. What
fails here stops the robot: without commands and heartbeats the reflexes let nothing move.
"""

import gc
import json
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from swarm_agent.mesh.core.joint import Standpoint
from swarm_agent.mesh.hearing import Drained
from swarm_agent.mesh.joint_desk import JointDesk, as_data, joint_wish, place_in
from swarm_agent.mesh.session import MeshSession
from swarm_agent.mesh.witnessing import LOOK_EVERY_NS, WitnessDesk, wait_while
from swarm_agent.situation.core import CORE, Inputs, NavState, Odom, Outputs, Scan
from swarm_agent.situation.core.lookout import look_at
from swarm_agent.situation.core.se2 import Pose
from swarm_agent.situation.journal import Journal
from swarm_agent.situation.memory import FrameMemory
from swarm_agent.situation.messages import (
    bars_in,
    fill_situation,
    hazard_message,
    peer_intent,
    reading_of,
    reflex_of,
    scan_bytes,
    stamp_of,
    wish_of,
)
from swarm_agent.situation.odometry import Track
from swarm_agent.situation.parameters import load_setup, params_of
from swarm_agent.situation.ports import Ports
from swarm_config.errors import ConfigError
from swarm_config.sockets import use_sockets
from swarm_msgs.msg import Situation
from swarm_vault.errors import VaultError
from swarm_vault.heads.witness import REFUSED_EVENT
from swarm_vault.keys import load_trust
from swarm_vault.laws.core.bars import Bars
from swarm_vault.laws.revocation_book import RevocationBook
from swarm_vault.recorder import Kind, Recorder

POLL_S = 0.02
WITHOUT_SCAN_NS = 200_000_000
SECOND_NS = 1_000_000_000
ODD_STAMP_NS = -100_000_000
"""A stamp further ahead of our clock than this is as bad as none."""
NEVER_NS = 3600 * SECOND_NS
OTHERS_S = 0.5
"""The longest that a robot's last words wait for its other processes [s]."""
ON_A_LEG = (NavState.MOVING, NavState.YIELDING, NavState.BLOCKED)
WARNS = (NavState.BLOCKED, NavState.UNREACHABLE)


class SituationNode:
    """The node's loop body; whoever owns the process calls `poll` about 50 times a second."""

    def __init__(self) -> None:
        """Open record, topics and mesh.

        Raises:
            ConfigError: A parameter or file cannot be used.
            VaultError: The record cannot be opened or the robot has no key.
        """
        self._node = Node('situation', start_parameter_services=False, enable_rosout=False)
        setup = load_setup(self._node)
        self._agent_id = agent_id = setup.robot.agent_id
        self._memory = FrameMemory(setup.vault_dir, agent_id)
        self._params = params_of(setup, self._memory.load())
        self._ports = Ports(self._node, agent_id)
        self._recorder = Recorder(
            vault_dir=setup.vault_dir,
            agent_id=agent_id,
            writer='situation',
            finish_s=setup.fleet.file.finish_s,
        )
        self._state = self._recorder.start(CORE, self._params)
        self._recorder.start_raw(self._ports.sensors())
        self._mesh = MeshSession(agent_id, setup.fleet, setup.vault_dir)
        members = [robot.agent_id for robot in setup.fleet.robots]
        self._witness = WitnessDesk(setup.vault_dir, agent_id, members, self._recorder)
        self._joint = JointDesk(self._recorder, self._mesh, agent_id, {'look': self._look})
        self._revoked = RevocationBook(setup.vault_dir, agent_id, load_trust(setup.vault_dir))
        self._journal, self._track = Journal(), Track()
        self._there: tuple[str, ...] = ()
        self._scan: Any = None
        self._wish: Any = None
        self._bars: Bars | None = None
        self._reflex: Any = None
        self._situation = _empty_situation(self._state.statics.survey)
        self._decided_ns = self._second_ns = self._looked_ns = time.monotonic_ns()
        self._decide_ms: list[float] = []
        self._failure = ''

    def poll(self) -> None:
        """Take what has come; decide when a scan is there, or has not been for too long."""
        ports = self._ports
        self._scan = ports.scan(self._keep) or self._scan
        for message in ports.odometry(self._keep):
            reading = reading_of(message)
            if reading is not None:
                self._track.add(reading)
        self._wish = ports.intent() or self._wish
        told = ports.floor_law()
        if told is not None:
            self._take_law(told)
        for message in ports.joint():
            self._take_wish(message)
        reflex = ports.reflex()
        if reflex is not None:
            self._reflex = (reflex, time.monotonic_ns())
        now_ns = time.monotonic_ns()
        if self._scan is not None or now_ns - self._decided_ns >= WITHOUT_SCAN_NS:
            self._decided_ns = now_ns
            self._guarded(self._decide)
        if now_ns - self._looked_ns >= LOOK_EVERY_NS:
            self._looked_ns = now_ns
            self._guarded(self._tell_heads)
        if now_ns - self._second_ns >= SECOND_NS:
            self._second_ns = now_ns
            self._guarded(self._each_second)

    def finish(self) -> None:
        """Stop the robot, hear what peers said of their logs last, complete the record."""
        for _ in range(3):
            self._ports.drive(0.0, 0.0)
            time.sleep(0.005)
        self._guarded(lambda: self._hear_heads(self._mesh.drain()))
        self._recorder.close()

    def leave(self) -> None:
        """Tell where the logs end, those of this robot's other processes too; leave the swarm."""
        wait_while(self._witness.others_write, OTHERS_S)
        if self._recorder.fault is None:
            for words in self._witness.last_words(time.time_ns()):
                self._mesh.publish_heads(words)
        self._mesh.close()
        self._node.destroy_node()

    def _keep(self, topic: str, data: bytes, time_ns: int) -> None:
        self._recorder.raw(topic, data, time_ns=time_ns)

    def _guarded(self, act: Callable[[], None]) -> None:
        """A motion that cannot be decided or recorded does not happen, and is not tried again."""
        if self._failure:
            self._ports.drive(0.0, 0.0)
            return
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever it is, the robot stands and says so
            self._failure = f'{type(error).__name__}: {error}'
            self._ports.drive(0.0, 0.0)
            self._ports.tell_diagnostics(DiagnosticStatus.ERROR, self._failure, {})
            sys.stderr.write(f'situation of {self._agent_id}: {self._failure}; standing\n')

    def _decide(self) -> None:
        began = time.thread_time()
        heard, self._there = self._mesh.drain(), self._mesh.there
        inputs, scan_stamp_ns = self._inputs(heard)
        self._state, outputs = self._recorder.decide(CORE, self._state, inputs, self._params)
        self._end_unrecorded_leg(outputs)
        self._ports.drive(outputs.vx_mps, outputs.wz_radps, self._keep)
        self._ports.beat()
        self._tell_peers(outputs)
        self._join(heard, outputs)
        for kind, type_, data in self._journal.notes(inputs, outputs):
            self._tell(kind, type_, data)
        if outputs.seen_bits:
            self._tell_situation(outputs)
        if scan_stamp_ns:
            self._ports.tell_frame(outputs.map_odom, scan_stamp_ns)
        self._outputs = outputs
        self._decide_ms.append((time.thread_time() - began) * 1e3)

    def _end_unrecorded_leg(self, outputs: Outputs) -> None:
        """Without a record a leg is finished at most; then the robot stands.

        Raises:
            VaultError: There is no record, and no leg to finish.
        """
        if self._recorder.fault is not None and outputs.nav_state not in ON_A_LEG:
            raise VaultError(self._recorder.fault)

    def _join(self, heard: Drained, outputs: Outputs) -> None:
        """Take part in what the robots decide together."""
        wish = self._state.mission.wish
        held = outputs.reason if outputs.nav_state == NavState.BLOCKED else ''
        me = Standpoint(
            position=outputs.pose_map[:2],
            path=outputs.path,
            goal=None if wish is None or not outputs.path else wish.goal[:2],
            held=held,
        )
        for event in self._joint.tend(time.monotonic_ns(), heard.joint, self._there, me):
            kind = Kind.VIOLATION if event.violation else Kind.MESSAGE
            self._tell(kind, event.type_, as_data(event))

    def _take_wish(self, message: Any) -> None:
        """A wish of this robot's own side; one that makes no sense is refused with a reason."""
        try:
            self._joint.wish(joint_wish(message.type, message.data_json))
        except ValueError as error:
            self._tell(Kind.VIOLATION, 'joint.refused', {'reason': str(error)[:500]})

    def _take_law(self, message: Any) -> None:
        """The planner's word on closed floor; one that cannot be read changes nothing."""
        try:
            self._bars = bars_in(message)
        except VaultError as error:
            self._tell(Kind.VIOLATION, 'law.refused', {'reason': str(error)[:500]})

    def _look(self, argument: str) -> str:
        """The hand `look`: what this robot knows of a place."""
        return json.dumps(asdict(look_at(self._state, place_in(argument), self._params)))

    def _inputs(self, heard: Drained) -> tuple[Inputs, int]:
        """Everything that has come, and the stamp of the scan among it."""
        self._hear_heads(heard)
        if heard.revocations and self._revoked.take(heard.revocations):
            self._mesh.publish_revocations(self._revoked.signed)
        wall_ns, now_ns = time.time_ns(), time.monotonic_ns()
        scan, self._scan = self._scan, None
        wish, self._wish = self._wish, None
        bars, self._bars = self._bars, None
        newest = self._track.newest
        odom = None
        if newest is not None:
            odom = Odom(
                pose=newest.pose,
                vx_mps=newest.vx_mps,
                wz_radps=newest.wz_radps,
                age_ns=_age(wall_ns - newest.stamp_ns),
            )
        inputs = Inputs(
            now_ns=now_ns,
            odom=odom,
            scan=None if scan is None else self._scan_input(scan, wall_ns),
            intent=None if wish is None else wish_of(wish),
            reflex=None
            if self._reflex is None
            else reflex_of(self._reflex[0], now_ns - self._reflex[1]),
            peers=heard.peers,
            claims=heard.claims,
            hazards=heard.hazards,
            bars=bars,
        )
        return inputs, 0 if scan is None else stamp_of(scan)

    def _scan_input(self, message: Any, wall_ns: int) -> Scan | None:
        """A scan and where it was taken; None if the wheels do not tell."""
        pose: Pose | None = self._track.pose_at(stamp_of(message))
        if pose is None:
            return None
        ranges = scan_bytes(message, self._params.body.beams)
        return Scan(ranges=ranges, pose_odom=pose, age_ns=_age(wall_ns - stamp_of(message)))

    def _tell_peers(self, outputs: Outputs) -> None:
        wall_ns = time.time_ns()
        radius_m = self._params.body.radius_m
        self._mesh.publish_intent(peer_intent(outputs, self._agent_id, radius_m, wall_ns))
        for claim in outputs.claims:
            self._mesh.send_claim(claim)
        for hazard in outputs.hazards:
            self._mesh.publish_hazard(hazard_message(hazard, wall_ns))

    def _tell(self, kind: Kind, type_: str, data: dict[str, Any]) -> None:
        seq = self._recorder.event(kind, type_, data)
        self._ports.tell_event(seq, kind.value, type_, data)

    def _tell_situation(self, outputs: Outputs) -> None:
        counts = (self._journal.violations, self._journal.negotiations)
        situation = fill_situation(self._situation, outputs, self._there, counts)
        self._ports.tell_situation(situation)

    def _hear_heads(self, heard: Drained) -> None:
        for refused in self._witness.hear(heard.heads):
            self._tell(Kind.VIOLATION, REFUSED_EVENT, refused)

    def _tell_heads(self) -> None:
        for words in self._witness.words(time.monotonic_ns(), time.time_ns()):
            self._mesh.publish_heads(words)

    def _each_second(self) -> None:
        self._revoked.poll()
        if self._revoked.signed:
            self._mesh.publish_revocations(self._revoked.signed)
        outputs = getattr(self, '_outputs', None)
        if outputs is None:
            return
        fault = self._recorder.fault
        if outputs.match_quality > self._params.tuning.match_min_quality and not fault:
            self._remember(outputs.map_odom)
        level = DiagnosticStatus.WARN if outputs.nav_state in WARNS else DiagnosticStatus.OK
        level = DiagnosticStatus.ERROR if fault else level
        spent = sorted(self._decide_ms) or [0.0]
        values = {
            'nav_state': NavState(outputs.nav_state).name,
            'match_quality': round(outputs.match_quality, 3),
            'decisions': len(self._decide_ms),
            'decide_ms_worst': round(spent[-1], 2),
            'messages_dropped': sum(self._mesh.dropped.values()),
            **{f'dropped {reason}': count for reason, count in self._mesh.dropped.items()},
            **{f'mesh_{name}': count for name, count in self._mesh.traffic.items()},
        }
        self._decide_ms.clear()
        text = f'unrecorded: {fault}' if fault else outputs.reason
        self._ports.tell_diagnostics(level, text, values)

    def _remember(self, map_odom: Pose) -> None:
        try:
            self._memory.save(map_odom)
        except OSError as error:
            if not self._recorder.give_up(error):
                raise


class Polled(Protocol):
    """A node that is run by polling."""

    def poll(self) -> None:
        """Do what is due."""

    def finish(self) -> None:
        """Let the robot stand, and close the record."""

    def leave(self) -> None:
        """Tell where the record ends, and go."""


def run_polled(make: Callable[[], list[Polled]], name: str) -> int:
    """Run polled nodes in this thread until SIGTERM or SIGINT; 2 if they cannot be set up."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    use_sockets()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        nodes = make()
    except (ConfigError, VaultError) as error:
        sys.stderr.write(f'{name}: {error}\n')
        return 2
    gc.collect()
    gc.freeze()
    due = time.monotonic()
    while not stopping:
        for node in nodes:
            node.poll()
        due = max(due + POLL_S, time.monotonic() - POLL_S)
        time.sleep(max(0.0, due - time.monotonic()))
    for node in nodes:
        node.finish()
    for node in nodes:
        node.leave()
    rclpy.shutdown()
    return 0


def _age(age_ns: int) -> int:
    """Age by a stamp; a stamp from the future is as bad as a very old one."""
    return max(0, age_ns) if age_ns >= ODD_STAMP_NS else NEVER_NS


def _empty_situation(survey: Any) -> Situation:
    message = Situation(seen_resolution_m=survey.cell_m)
    message.header.frame_id = 'map'
    message.seen_width, message.seen_height = survey.cols, survey.rows
    return message


def main() -> int:
    """Run the node until SIGTERM or SIGINT; 2 means that it was set up wrongly."""
    return run_polled(lambda: [SituationNode()], 'situation')


if __name__ == '__main__':
    sys.exit(main())
