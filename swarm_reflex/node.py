# SPDX-License-Identifier: Apache-2.0
"""The reflex node: cmd_vel_raw in, cmd_vel out, 100 times a second whatever happens.

One thread, one loop on the steady clock: take what has come, decide, publish, record. A scan that
comes between two ticks is decided on at once, at most one a period. When
anything of its own fails (the disk of the record, the core itself) it goes on publishing zeros and
says why.
"""

import signal
import sys
import time
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from swarm_config.errors import ConfigError
from swarm_config.sockets import use_sockets
from swarm_reflex.changes import Changes
from swarm_reflex.core import CORE, Action, Inputs, Request
from swarm_reflex.latches import LatchStore, latch_file, latches_of
from swarm_reflex.messages import to_state
from swarm_reflex.parameters import Setup, load_setup
from swarm_reflex.periods import Periods
from swarm_reflex.ports import Call, Ports
from swarm_reflex.realtime import Garbage, claim_realtime
from swarm_vault.recorder import Kind, Recorder, VaultError

_STATE_NS = 200_000_000
_SECOND_NS = 1_000_000_000
_STATS_NS = 10 * _SECOND_NS
_LAST_ZEROS = 5


class Reflex:
    """The loop and what it needs."""

    def __init__(
        self, setup: Setup, ports: Ports, recorder: Recorder, latches: LatchStore
    ) -> None:
        self._ports = ports
        self._latches = latches
        self._calls: list[Call] = []
        self._recorder = recorder
        self._params = params = setup.params
        self._agent_id = setup.agent_id
        self._period_ns = round(1e9 / setup.settings.rate_hz)
        self._core_state = recorder.start(CORE, params)
        _, self._outputs = CORE.decide(CORE.initial(params), Inputs(now_ns=0), params)
        self._changes = Changes()
        self._periods = Periods()
        self._failure = ''
        self._last_tick_ns = 0
        self._period_s = 0.0
        self._due_ns = {'state': 0, 'diagnostics': 0, 'stats': 0}
        # First what takes long: with priority it would keep others from their motors.
        self._garbage = Garbage(time.monotonic_ns())
        self._scheduling = claim_realtime(setup.settings.realtime_priority)
        self.stopping = False

    def run(self) -> None:
        """Tick until told to stop, then leave the robot standing and the record complete."""
        restored = [request.value for request in self._latches.found.requests()]
        start = {'scheduling': self._scheduling, 'latched': restored, 'doubt': self._latches.doubt}
        self._tell(Kind.SYSTEM, 'reflex.start', start)
        next_ns = time.monotonic_ns()
        self._due_ns['stats'] = next_ns + _STATS_NS
        while not self.stopping:
            self._tick(time.monotonic_ns())
            next_ns += self._period_ns
            next_ns = max(next_ns, self._wait_until(next_ns))
        self._leave()

    def _wait_until(self, next_ns: int) -> int:
        """Sleep until the next tick, but decide at once on a scan; returns the time after it."""
        wait_ns = next_ns - time.monotonic_ns()
        if wait_ns > 0 and self._ports.scan_within(wait_ns):
            self._decide_and_drive(time.monotonic_ns(), scan_only=True)
        wait_ns = next_ns - time.monotonic_ns()
        if wait_ns > 0:
            time.sleep(wait_ns * 1e-9)
        return time.monotonic_ns() if wait_ns <= 0 else next_ns

    def _tick(self, now_ns: int) -> None:
        self._count_period(now_ns)
        self._decide_and_drive(now_ns)
        self._ports.serve_parameters(now_ns)

    def _decide_and_drive(self, now_ns: int, *, scan_only: bool = False) -> None:
        calls = self._decide(now_ns, scan_only=scan_only)
        outputs = self._outputs
        twist = (0.0, 0.0) if self._failure else (outputs.vx_mps, outputs.wz_radps)
        self._ports.drive(*twist)
        self._keep_latches(calls)
        self._report(now_ns)
        self._garbage.collect_when_standing(now_ns, standing=twist == (0.0, 0.0))

    def _decide(self, now_ns: int, *, scan_only: bool) -> list[Call]:
        """Take what has come, decide, record; answer the calls that came with it."""
        calls: list[Call] = []
        try:
            if scan_only:
                inputs = self._ports.collect_scan(now_ns)
            else:
                inputs, calls = self._ports.collect(now_ns)
            if not self._failure:
                self._core_state, self._outputs = self._recorder.decide(
                    CORE, self._core_state, inputs, self._params
                )
                self._note_reset(inputs)
        except VaultError as error:
            self._fail('recorder_failed', error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the robot stands and says so
            self._fail('core_failed', error)
        else:
            return calls
        return []

    def _keep_latches(self, calls: list[Call]) -> None:
        """Answer no call before the latches that it changed are on the disk."""
        if not self._failure:
            self._latches.keep(latches_of(self._outputs))
        if self._latches.fault:
            self._fail('latches_failed', OSError(self._latches.fault))
        self._calls += calls
        if self._calls and (self._latches.settled or self._failure):
            self._ports.answer(self._calls, self._outputs, self._failure)
            self._calls = []

    def _note_reset(self, inputs: Inputs) -> None:
        if Request.RESET in inputs.requests:
            released = not (self._outputs.e_stop or self._outputs.breached)
            data = {'by': inputs.reset_by, 'reason': inputs.reset_reason, 'released': released}
            self._tell(Kind.STATE_CHANGE, 'reflex.reset', data)

    def _fail(self, failure: str, error: Exception) -> None:
        """Stand for good: a motion that cannot be recorded or decided does not happen."""
        if not self._failure:
            self._failure = failure
            self._due_ns['state'] = 0
            sys.stderr.write(f'reflex of {self._agent_id}: {failure}: {error}; standing\n')

    def _report(self, now_ns: int) -> None:
        data = None if self._failure else self._changes.seen(self._outputs, now_ns)
        if data is not None:
            starts = Action.STOP.name in {data['action'], data['was_action']}
            self._tell(Kind.STATE_CHANGE, 'reflex.action', data, publish=starts)
        if self._changes.turned(self._outputs) or now_ns >= self._due_ns['state']:
            self._due_ns['state'] = now_ns + _STATE_NS
            self._tell_state()
        if now_ns >= self._due_ns['diagnostics']:
            self._due_ns['diagnostics'] = now_ns + _SECOND_NS
            self._tell_diagnostics()
        if now_ns >= self._due_ns['stats']:
            self._due_ns['stats'] = now_ns + _STATS_NS
            self._tell(Kind.SYSTEM, 'reflex.stats', self._stats(), publish=False)

    def _tell(self, kind: Kind, type_: str, data: dict[str, Any], *, publish: bool = True) -> None:
        """Record an event, and publish it where others should know at once."""
        if self._failure:
            return
        try:
            seq = self._recorder.event(kind, type_, data)
        except VaultError as error:
            self._fail('recorder_failed', error)
            return
        if publish:
            self._ports.tell_event(self._agent_id, seq, kind.value, type_, data)

    def _tell_state(self) -> None:
        state = to_state(
            self._outputs,
            wall_ns=time.time_ns(),
            period_s=self._period_s,
            failure=self._failure,
        )
        self._ports.tell_state(state)

    def _tell_diagnostics(self) -> None:
        outputs = self._outputs
        stopped = outputs.action is Action.STOP
        level = DiagnosticStatus.WARN if stopped else DiagnosticStatus.OK
        values = {**self._stats(), 'scheduling': self._scheduling}
        unrecorded = self._recorder.fault and f'unrecorded: {self._recorder.fault}'
        if self._failure or unrecorded:
            level = DiagnosticStatus.ERROR
        cause = self._failure or unrecorded or outputs.cause or outputs.action.name.lower()
        self._ports.tell_diagnostics(level, cause, values)

    def _stats(self) -> dict[str, Any]:
        return {**self._periods.summary(), 'interventions': self._outputs.interventions}

    def _count_period(self, now_ns: int) -> None:
        if self._last_tick_ns:
            self._periods.add(now_ns - self._last_tick_ns)
            self._period_s = (now_ns - self._last_tick_ns) * 1e-9
        self._last_tick_ns = now_ns

    def _leave(self) -> None:
        for _ in range(_LAST_ZEROS):
            self._ports.drive(0.0, 0.0)
            time.sleep(self._period_ns * 1e-9)
        self._tell(Kind.SYSTEM, 'reflex.stats', self._stats(), publish=False)
        self._tell(Kind.SYSTEM, 'reflex.stop', {'scheduling': self._scheduling})
        self._recorder.close()
        self._latches.close()


def main() -> int:
    """Run the node until SIGTERM or SIGINT; 2 means that it was set up wrongly."""
    use_sockets()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = Node('reflex', enable_rosout=False)
    try:
        setup = load_setup(node)
        recorder = Recorder(
            vault_dir=setup.vault_dir,
            agent_id=setup.agent_id,
            writer='reflex',
            finish_s=setup.finish_s,
        )
        latches = LatchStore(latch_file(setup.vault_dir, setup.agent_id))
        ports = Ports(
            node,
            stamped=setup.settings.stamped_commands,
            fenced=bool(setup.params.geofence or setup.params.sandbox),
            restored=latches.found.requests(),
        )
        reflex = Reflex(setup, ports, recorder, latches)
    except (ConfigError, VaultError, OSError) as error:
        sys.stderr.write(f'reflex: {error}\n')
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(reflex, 'stopping', True))
    reflex.run()
    node.destroy_node()
    rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
