# SPDX-License-Identifier: Apache-2.0
"""The collision monitor: a lifecycle node that reads Nav2's parameter file and never goes silent.

python -m swarm_reflex.monitor.node --ros-args --params-file nav2_params.yaml
"""

import signal
import sys
import time
from pathlib import Path
from typing import Any

import rclpy
from lifecycle_msgs.msg import State as LifecycleLabel
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import SetBool

from swarm_config.errors import ConfigError
from swarm_config.sockets import use_sockets
from swarm_reflex.monitor.core import CORE, MonitorInputs, MonitorOutputs, MonitorParams
from swarm_reflex.monitor.core.types import ZERO, Request, Setup
from swarm_reflex.monitor.parameters import read_all, read_setup
from swarm_reflex.monitor.ports import MonitorPorts, optional
from swarm_reflex.periods import Periods
from swarm_reflex.ports import requested
from swarm_reflex.realtime import Garbage, claim_realtime
from swarm_vault.recorder import Kind, Recorder, VaultError

_SLOW_NS = 100_000_000
_SECOND_NS = 1_000_000_000
_REALTIME_PRIORITY = 50
_OWN = ('vault_dir', 'agent_id', 'autostart_node', 'use_sim_time')
_SERVED_WHEN_IDLE_S = 0.02


class CollisionMonitor(LifecycleNode):
    """The node; `run` is its loop."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            'collision_monitor',
            automatically_declare_parameters_from_overrides=True,
            enable_rosout=False,
            **options,
        )
        self._ports: MonitorPorts | None = None
        self._recorder: Recorder | None = None
        self._core_state: Any = None
        self._params: MonitorParams | None = None
        self._setup: Setup | None = None
        self._requests: list[Request] = []
        self._outputs: MonitorOutputs | None = None
        self._told: tuple[Any, ...] = ()
        self._due_ns = {'slow': 0, 'second': 0, 'pictures': 0}
        self._periods = Periods()
        self._last_tick_ns = 0
        self._read: set[str] = set()
        self.scheduling = 'SCHED_OTHER (use_realtime_priority is false)'
        self.stopping = False
        self.failure = ''
        self._toggle_type = optional('nav2_msgs.srv', 'Toggle') or SetBool
        self.create_service(self._toggle_type, '~/toggle', self._on_toggle)
        self.add_on_set_parameters_callback(self._on_set)

    @property
    def active(self) -> bool:
        """Whether the node gates commands now."""
        label = self._state_machine.current_state[0]
        return bool(label == LifecycleLabel.PRIMARY_STATE_ACTIVE) and self._ports is not None

    def value(self, name: str, default: Any) -> Any:
        """A parameter's value, its default declared where nobody set it."""
        self._read.add(name)
        if self.has_parameter(name):
            value = self.get_parameter(name).value
            # An empty list in a file has no element type: rcl reads it as nothing.
            return [] if value is None and isinstance(default, list) else value
        if default is None or default == []:
            return default
        return self.declare_parameter(name, default).value

    def on_configure(self, _: LifecycleState) -> TransitionCallbackReturn:
        """Read and check all parameters, open topics and the record."""
        try:
            params, wiring = read_all(self.value)
            self._read.clear()
            read_setup(self.value)
            if wiring.realtime:
                self._claim_realtime()
            self._open_record()
            self._ports = MonitorPorts(self, wiring, shifted=params.base_shift_correction)
        except (ConfigError, VaultError, OSError) as error:
            return self._refused(error)
        self._params = params
        self._ports.exclusions = params.setup.exclusions
        self._period_ns = round(1e9 / wiring.rate_hz)
        self._core_state = (
            self._recorder.start(CORE, params) if self._recorder else CORE.initial(params)
        )
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start to gate; what was commanded before does not count."""
        self._requests.append(Request.RESTART)
        self._last_tick_ns = 0
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Leave zeros and fall silent."""
        if self._ports is not None:
            self._ports.drive(ZERO)
        return super().on_deactivate(state)

    def on_cleanup(self, _: LifecycleState) -> TransitionCallbackReturn:
        """Give back what configure took."""
        self._close()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, _: LifecycleState) -> TransitionCallbackReturn:
        """Leave zeros and end."""
        self.stopping = True
        return TransitionCallbackReturn.SUCCESS

    def run(self) -> None:
        """Tick on the steady clock while active; answer services always."""
        garbage = Garbage(time.monotonic_ns())
        next_ns = time.monotonic_ns()
        while not self.stopping:
            self._serve(time.monotonic_ns())
            if not self.active:
                time.sleep(_SERVED_WHEN_IDLE_S)
                next_ns = time.monotonic_ns()
                continue
            self._tick(time.monotonic_ns())
            still = self._outputs is None or self._outputs.velocity == ZERO
            garbage.collect_when_standing(time.monotonic_ns(), standing=still)
            next_ns = max(next_ns + self._period_ns, self._wait_until(next_ns + self._period_ns))
        self._leave()

    def _wait_until(self, next_ns: int) -> int:
        """Sleep until the next tick, but decide at once on a sensor message."""
        wait_ns = next_ns - time.monotonic_ns()
        if wait_ns > 0 and self._ports is not None and self._ports.source_within(wait_ns):
            self._decide(time.monotonic_ns())
        wait_ns = next_ns - time.monotonic_ns()
        if wait_ns > 0:
            time.sleep(wait_ns * 1e-9)
        return time.monotonic_ns() if wait_ns <= 0 else next_ns

    def _tick(self, now_ns: int) -> None:
        if self._last_tick_ns:
            self._periods.add(now_ns - self._last_tick_ns)
        self._last_tick_ns = now_ns
        self._decide(now_ns)
        self._report(now_ns)

    def _decide(self, now_ns: int) -> None:
        """Take what has come, decide, record, publish; a fault of our own is zeros for good."""
        assert self._ports is not None, 'only an active node ticks'
        velocity = ZERO
        try:
            inputs = self._with_news(self._ports.collect(now_ns))
            if not self.failure:
                self._core_state, self._outputs = self._decided(inputs)
                velocity = self._outputs.velocity
        except Exception as error:  # noqa: BLE001 - whatever it is, the robot stands and says so
            self.failure = f'{type(error).__name__}: {error}'
            sys.stderr.write(f'collision_monitor: {self.failure}; standing for good\n')
        self._ports.drive(velocity)

    def _with_news(self, inputs: MonitorInputs) -> MonitorInputs:
        """Add what came by service or parameter."""
        requests, setup = tuple(self._requests), self._setup
        self._requests, self._setup = [], None
        if not requests and setup is None:
            return inputs
        return MonitorInputs(
            now_ns=inputs.now_ns,
            command=None if Request.RESTART in requests else inputs.command,
            observations=inputs.observations,
            odom=inputs.odom,
            shapes=inputs.shapes,
            masks=inputs.masks,
            setup=setup,
            requests=requests,
        )

    def _decided(self, inputs: MonitorInputs) -> tuple[Any, MonitorOutputs]:
        assert self._params is not None, 'only a configured node decides'
        if self._recorder is None:
            return CORE.decide(self._core_state, inputs, self._params)
        return self._recorder.decide(CORE, self._core_state, inputs, self._params)

    def _report(self, now_ns: int) -> None:
        outputs, ports = self._outputs, self._ports
        if outputs is None or ports is None:
            return
        zones = (outputs.polygon_name, outputs.causes, outputs.detected)
        news = (outputs.action, *zones, outputs.enabled)
        if news != self._told and self._recorder is not None and not self.failure:
            data: dict[str, Any] = {
                'action': outputs.action.name,
                'zone': outputs.polygon_name,
                'causes': list(outputs.causes),
                'points': outputs.points_inside,
                'enabled': outputs.enabled,
                'detected': list(outputs.detected),
            }
            self._recorder.event(Kind.STATE_CHANGE, 'monitor.action', data)
        if news != self._told or now_ns >= self._due_ns['second']:
            self._told = news
            self._due_ns['second'] = now_ns + _SECOND_NS
            values = {**self._periods.summary(), 'scheduling': self.scheduling}
            values |= {'failure': self.failure, 'enabled': outputs.enabled}
            ports.tell(outputs, {**values, 'detected': ', '.join(outputs.detected)})
        if now_ns >= self._due_ns['pictures']:
            self._due_ns['pictures'] = now_ns + _SLOW_NS
            ports.show(self._core_state, outputs)

    def _serve(self, now_ns: int) -> None:
        """Answer services ten times a second."""
        if now_ns < self._due_ns['slow']:
            return
        self._due_ns['slow'] = now_ns + _SLOW_NS
        for service in list(self.services):
            for call, header in requested(service):
                response = service.callback(call, service.srv_type.Response())
                service.send_response(response, header)

    def _on_toggle(self, request: Any, response: Any) -> Any:
        on = request.enable if hasattr(request, 'enable') else request.data
        self._requests.append(Request.ENABLE if on else Request.DISABLE)
        lasting = self.value('toggle_timeout', 60.0)
        response.success = True
        response.message = 'on' if on else f'off for {lasting} s; 0 means until switched on'
        return response

    def _on_set(self, changes: list[Any]) -> SetParametersResult:
        """Refuse, before anything changes, what cannot be or cannot change now."""
        if self._params is None:
            return SetParametersResult(successful=True)
        fresh = {change.name: change.value for change in changes}
        fixed = [name for name in fresh if name not in self._read and name not in _OWN]
        if fixed:
            reason = f'parameter {fixed[0]}: changes only while the node is not configured'
            return SetParametersResult(successful=False, reason=reason)
        try:
            setup = read_setup(lambda n, d: fresh[n] if n in fresh else self.value(n, d))
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self._setup = setup
        if self._ports is not None:
            self._ports.exclusions = setup.exclusions
        return SetParametersResult(successful=True)

    def _claim_realtime(self) -> None:
        self.scheduling = claim_realtime(_REALTIME_PRIORITY)
        if not self.scheduling.startswith('SCHED_FIFO'):
            raise ConfigError(
                f'parameter use_realtime_priority: true, but this process is {self.scheduling}'
            )

    def _open_record(self) -> None:
        vault_dir = self.value('vault_dir', '')
        if vault_dir:
            agent_id = self.value('agent_id', self.get_namespace().strip('/') or 'robot')
            self._recorder = Recorder(
                vault_dir=Path(vault_dir), agent_id=agent_id, writer='monitor'
            )

    def _refused(self, error: Exception) -> TransitionCallbackReturn:
        sys.stderr.write(f'collision_monitor: {error}\n')
        self._close()
        return TransitionCallbackReturn.FAILURE

    def _close(self) -> None:
        if self._ports is not None:
            self._ports.close()
        if self._recorder is not None:
            self._recorder.close()
        self._ports, self._recorder, self._params = None, None, None

    def _leave(self) -> None:
        if self.active and self._ports is not None:
            self._ports.drive(ZERO)
            time.sleep(0.02)
            self._ports.drive(ZERO)
        self._close()


def main() -> int:
    """Run the node until SIGTERM or SIGINT."""
    use_sockets()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = CollisionMonitor()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(node, 'stopping', True))
    code = 0
    if node.value('autostart_node', False):
        started = node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        code = 0 if started and node.trigger_activate() == TransitionCallbackReturn.SUCCESS else 2
    if code == 0:
        node.run()
    node.destroy_node()
    rclpy.shutdown()
    return code


if __name__ == '__main__':
    sys.exit(main())
