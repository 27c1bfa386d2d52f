# SPDX-License-Identifier: Apache-2.0
"""The planner node: orders in, intents out, twice a second and at once when something happens.

One thread: take what has come, decide, make it durable, then say it. When anything of its own
fails (the disk, the core itself) it asks for HOLD, lets its heartbeat stop, which stops the robot,
and says why.
"""

import gc
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.context import Context
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from swarm_agent.planner.actions import MissionAction
from swarm_agent.planner.checkpoint import CheckpointFile
from swarm_agent.planner.control import Control, News
from swarm_agent.planner.core.types import Inputs, Outputs, Phase, Restored
from swarm_agent.planner.crew_desk import CrewDesk
from swarm_agent.planner.drill import Drill, load_drill
from swarm_agent.planner.journal import Journal
from swarm_agent.planner.local_model import GEMMA_TERMS
from swarm_agent.planner.parameters import load_setup
from swarm_agent.planner.slm import make_adviser
from swarm_agent.planner.topics import Topics
from swarm_agent.planner.wire import to_telemetry
from swarm_config.errors import ConfigError
from swarm_config.sockets import use_sockets
from swarm_msgs.msg import Situation
from swarm_vault.errors import VaultError
from swarm_vault.soul import Temperament

ON_A_LEG = frozenset((Situation.NAV_MOVING, Situation.NAV_BLOCKED, Situation.NAV_YIELDING))
_SECOND_NS = 1_000_000_000
_BEAT_NS = _SECOND_NS // 10
_SPIN_NS = _SECOND_NS // 10
_TELEMETRY_NS = _SECOND_NS // 2
_AT_ONCE_NS = 40_000_000
"""Planning goes on for so long before the loop looks around again."""


class PlannerNode:
    """The planner of one robot; call `poll` some 20 times a second; at its end, `finish`, `leave`.

    Raises:
        ConfigError: A parameter, the fleet plan, the map or a skill card cannot be used.
        VaultError: The vault cannot be written or the keys are missing.
    """

    def __init__(self, *, context: Context | None = None) -> None:
        self._node = Node(
            'planner', context=context, start_parameter_services=False, enable_rosout=False
        )
        self._setup = setup = load_setup(self._node)
        self.rate_hz = setup.settings.rate_hz
        self._drill = Drill(load_drill(setup.settings.drill), setup.robot.agent_id)
        self._adviser = self._drill.advised(make_adviser(setup.settings, setup.params.cards))
        self._topics = Topics(self._node, setup.robot.agent_id)
        self._journal = Journal(
            setup.vault_dir, setup.params, self._topics, finish_s=setup.fleet.file.finish_s
        )
        self._file = CheckpointFile(setup.vault_dir, setup.robot.agent_id)
        self._restored: Restored | None = self._file.load()
        self._state = self._journal.start()
        self._action = MissionAction(
            agent_id=setup.robot.agent_id,
            survey_shape=self._state.ground.survey_floor.shape,
            survey_cell_m=self._state.ground.survey_cell_m,
            context=context,
        )
        self._control = Control(setup, self._journal.recorder)
        self._crew = CrewDesk(setup.robot.agent_id, self._journal, self._topics)
        self._outputs: Outputs | None = None
        self._news = News()
        self._linked, self._decided_ns, self._failure = False, 0, ''
        self._due_ns: dict[str, int] = {}
        self._journal.say('planner.start', f'supervisor: {setup.target or "none"}')
        if setup.soul.temperament is not Temperament.STEADY:
            why = f'{setup.soul.temperament.value} {setup.soul.reason}'.strip()
            self._journal.say('planner.temperament', why)
        for rule in setup.rules.rules:
            self._journal.say('planner.rule', f'{rule.text}; lesson {rule.name}, {rule.by}')
        if setup.settings.planner == 'slm':
            self._journal.say('planner.slm', f'a language model proposes; {GEMMA_TERMS}')

    def poll(self) -> None:
        """Take what has come, decide where it is due, say what is due. Never waits."""
        now_ns = time.monotonic_ns()
        if not self._failure:
            self._guard(self._work)
        if not self._failure and self._due('beat', now_ns, _BEAT_NS):
            self._topics.beat()
        if self._due('telemetry', now_ns, _TELEMETRY_NS):
            self._send_telemetry(now_ns)
        if self._due('diagnostics', now_ns, _SECOND_NS):
            self._tell_diagnostics()

    def finish(self) -> None:
        """Hold the robot, complete the record."""
        if not self._failure:
            self._topics.tell_hold(self._state.intent_id + 1)
            self._guard(lambda: self._journal.say('planner.stop', 'asked to stop'))
        self._adviser.close()
        self._action.close()
        self._journal.close()

    def leave(self) -> None:
        """Let what waits go up, hang up."""
        self._control.close()
        self._node.destroy_node()

    def _work(self) -> None:
        now_ns = time.monotonic_ns()
        urgent = self._collect(now_ns)
        if self._journal.fault is not None:
            self._finish_unrecorded()
            return
        due_ns = self._decided_ns + round(_SECOND_NS / self._setup.settings.decide_hz)
        if urgent or now_ns >= due_ns:
            self._decide()

    def _finish_unrecorded(self) -> None:
        """Decide nothing any more; the leg that is being driven may end.

        Raises:
            VaultError: There is no leg, an operator says stop, or the time for it is over.
        """
        view = self._topics.situation
        moving = view is not None and view.nav_state in ON_A_LEG
        if not moving or self._news.stops or not self._journal.may_finish():
            raise VaultError(str(self._journal.fault))

    def _collect(self, now_ns: int) -> bool:
        """Fill the inbox; whether something in it cannot wait."""
        urgent = self._topics.collect(now_ns)
        if self._topics.situation is not None:
            self._control.stands_at(self._topics.situation.pose)
        self._control.poll(self._news)
        if self._due('spin', now_ns, _SPIN_NS):
            orders, recalls = self._action.poll()
            self._news.orders += orders
            self._news.recalls += recalls
        self._drill.play(self._news, now_ns)
        for text in self._control.notes():
            self._journal.say('link', text)
        if self._journal.fault is None:
            grown = self._crew.tend(
                now_ns, self._state, self._topics.situation, cut=self._cut(now_ns)
            )
            self._news.widened = grown or self._news.widened
        was_linked, self._linked = self._linked, self._control.linked
        return urgent or bool(self._news) or was_linked != self._linked

    def _cut(self, now_ns: int) -> bool:
        """Whether the supervisor has been out of reach for long enough to act without it."""
        since_ns = self._state.unlinked_ns
        lost_ns = self._setup.params.tuning.link_lost_s * _SECOND_NS
        return since_ns is not None and now_ns - since_ns >= lost_ns

    def _decide(self) -> None:
        until_ns = time.monotonic_ns() + _AT_ONCE_NS
        again = True
        while again and time.monotonic_ns() < until_ns:
            inputs = self._inputs(time.monotonic_ns())
            self._decided_ns = inputs.now_ns
            self._news, self._restored = News(), None
            self._state, outputs = self._journal.decide(self._state, inputs)
            self._outputs, again = outputs, outputs.again
            self._drill.saw(outputs, inputs.now_ns)
            self._carry_out(outputs)
        if again:
            self._decided_ns = 0

    def _inputs(self, now_ns: int) -> Inputs:
        news, topics = self._news, self._topics
        return Inputs(
            now_ns=now_ns,
            wall_ns=time.time_ns(),
            situation=topics.situation,
            battery=topics.battery,
            e_stop=topics.stopped,
            linked=self._linked,
            orders=tuple(news.orders),
            recalls=tuple(news.recalls),
            stops=tuple(news.stops),
            token=news.token,
            revocations=news.revocations,
            policy=news.policy,
            choice=self._adviser.answer(),
            restored=self._restored,
            reflex_stop=topics.reflex_stop,
            widened=news.widened,
            taken=self._crew.taken(time.monotonic_ns()) if news.orders else (),
        )

    def _carry_out(self, outputs: Outputs) -> None:
        """What must survive a crash first, then what others act on, then what is only told."""
        if outputs.checkpoint is not None:
            self._file.save(outputs.checkpoint)
        self._topics.tell_tier(outputs.tier)
        if outputs.bars is not None:
            self._topics.tell_bars(outputs.bars)
        if outputs.intent is not None:
            self._topics.tell_intent(outputs.intent)
        for note in outputs.notes:
            self._journal.note(note)
        self._control.send_acks(outputs.acks)
        self._action.report(outputs)
        if outputs.question is not None:
            self._adviser.ask(outputs.question)

    def _guard(self, act: Callable[[], None]) -> None:
        """Act; a fault of our own stops the robot for good and is named."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever it is, the robot stands and says so
            if isinstance(error, OSError) and self._journal.give_up(error):
                return
            self._failure = f'{type(error).__name__}: {error}'
            agent_id = self._setup.robot.agent_id
            sys.stderr.write(f'planner of {agent_id}: {self._failure}; standing\n')
            self._topics.tell_tier(0)
            self._topics.tell_hold(self._state.intent_id + 1)

    def _send_telemetry(self, now_ns: int) -> None:
        outputs = self._outputs
        if outputs is None:
            return
        with_seen = self._due('seen', now_ns, _SECOND_NS)
        telemetry = to_telemetry(
            self._topics.report,
            replace(outputs, phase=Phase.STOPPED) if self._failure else outputs,
            stamp_ns=time.time_ns(),
            battery=self._topics.charge,
            with_seen=with_seen,
            crew=self._crew.words(now_ns, self._state) if with_seen else (),
        )
        self._control.send_telemetry(telemetry)

    def _tell_diagnostics(self) -> None:
        outputs = self._outputs
        level, text = DiagnosticStatus.OK, 'not decided yet'
        values: dict[str, object] = {
            'linked': self._linked,
            'plain text link': self._setup.settings.insecure,
        }
        values['events written'], values['events synced'] = self._control.events
        if outputs is not None:
            stopped = outputs.phase is Phase.STOPPED
            level = DiagnosticStatus.WARN if stopped else DiagnosticStatus.OK
            text = ' '.join(filter(None, (outputs.phase.value, outputs.skill, outputs.reason)))
            values |= {'tier': outputs.tier, 'progress': round(outputs.progress, 3)}
        fault = self._journal.fault
        if self._failure or fault:
            level = DiagnosticStatus.ERROR
            text = self._failure or f'unrecorded: {fault}'
        self._topics.tell_diagnostics(level, text, values)

    def _due(self, what: str, now_ns: int, period_ns: int) -> bool:
        if now_ns < self._due_ns.get(what, 0):
            return False
        self._due_ns[what] = now_ns + period_ns
        return True


def main() -> int:
    """Run the node until SIGTERM or SIGINT; 2 means that it was set up wrongly."""
    use_sockets()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        planner = PlannerNode()
    except (ConfigError, VaultError) as error:
        sys.stderr.write(f'planner: {error}\n')
        return 2
    gc.collect()
    gc.freeze()
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: stopping.append(number))
    due_s, period_s = time.monotonic(), 1.0 / planner.rate_hz
    while not stopping:
        planner.poll()
        due_s = max(due_s + period_s, time.monotonic() - period_s)
        time.sleep(max(0.0, due_s - time.monotonic()))
    planner.finish()
    planner.leave()
    rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
