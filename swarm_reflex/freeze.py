# SPDX-License-Identifier: Apache-2.0
"""`swarm freeze on|off`: hold the whole fleet still, or let it go on; each reflex answers.

It goes straight to the reflexes over ROS, past planners and supervisor, and is written down first:
who and why. A reflex keeps it over its own restart; one that is started later hears it only while
`--hold` keeps telling.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rclpy
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Bool

from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_config.sockets import use_sockets
from swarm_msgs.msg import ReflexState
from swarm_reflex.core import Cause
from swarm_reflex.ports import newest, unused
from swarm_vault.recorder import Kind, Recorder, VaultError

TOPIC = '/swarm/freeze'
_AGAIN_S = 0.5
_LOOK_S = 0.02
_ROS_WITHIN_S = 20.0
"""How long ROS may take to start and to end, besides the wait for answers."""
_LONGEST_PATIENCE_S = 3600.0
_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Fleet:
    """What the reflexes of some robots are told, and what they say."""

    def __init__(self, node: Node, names: list[str]) -> None:
        self._orders = node.create_publisher(Bool, TOPIC, _LATCHED)
        self._listening = {
            name: node.create_subscription(
                ReflexState, f'/{name}/reflex/state', unused, QoSProfile(depth=1)
            )
            for name in names
        }
        self._frozen: dict[str, bool] = {}

    def tell(self, *, on: bool, patience_s: float) -> list[str]:
        """Say it until all obey; the names of those that do not within this time [s]."""
        self._frozen.clear()
        deadline, due = time.monotonic() + patience_s, 0.0
        while (others := self._others(on=on)) and time.monotonic() < deadline:
            if time.monotonic() >= due:
                due = time.monotonic() + _AGAIN_S
                self._orders.publish(Bool(data=on))
            time.sleep(_LOOK_S)
        return others

    def _others(self, *, on: bool) -> list[str]:
        for name, subscription in self._listening.items():
            found = newest(subscription)
            if found is not None:
                self._frozen[name] = Cause.FREEZE.value in found[0].causes
        return [name for name in self._listening if self._frozen.get(name) is not on]


def write_down(vault_dir: Path, chosen: argparse.Namespace) -> str:
    """Record who and why; the fault in a sentence, empty if it is on the disk."""
    data = {'on': chosen.state == 'on', 'by': chosen.by, 'why': chosen.why}
    try:
        recorder = Recorder(vault_dir=vault_dir, agent_id='operator', writer='freeze')
        try:
            recorder.event(Kind.STATE_CHANGE, 'fleet.freeze', data, durable=True)
        finally:
            recorder.close()
    except (VaultError, OSError) as error:
        return f'{vault_dir}: not recorded ({error})'
    return ''


@contextmanager
def reached(names: list[str]) -> Iterator[Fleet]:
    """The fleet on ROS, for one command."""
    use_sockets()
    rclpy.init()
    node = Node('freeze', start_parameter_services=False, enable_rosout=False)
    try:
        yield Fleet(node, names)
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def run(chosen: argparse.Namespace) -> int:
    """Record, tell, report; 1 if a robot did not answer, 2 if nothing was told."""
    if not (chosen.by.strip() and chosen.why.strip()):
        raise ConfigError('freeze: say who and why: --by NAME --why TEXT')
    names = [robot.agent_id for robot in load_fleet(chosen.fleet).robots]
    fault = write_down(chosen.vault, chosen)
    if fault and chosen.state == 'off':
        raise ConfigError(f'{fault}; a fleet is released only on record')
    with _ended_within(chosen.patience_s + _ROS_WITHIN_S), reached(names) as fleet:
        others = fleet.tell(on=chosen.state == 'on', patience_s=chosen.patience_s)
        _report(chosen, names, others, fault)
        if chosen.hold:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        while chosen.hold:
            time.sleep(1.0)
    return 1 if others or fault else 0


@contextmanager
def _ended_within(limit_s: float) -> Iterator[None]:
    """Have SIGALRM end this process after that time, also while it hangs outside Python."""
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _report(chosen: argparse.Namespace, names: list[str], others: list[str], fault: str) -> None:
    obeyed = [name for name in names if name not in others]
    said = 'frozen' if chosen.state == 'on' else 'released'
    if chosen.json:
        sys.stdout.write(json.dumps({said: obeyed, 'not_reached': others, 'fault': fault}) + '\n')
    else:
        sys.stdout.write(f'{said}: {", ".join(obeyed) or "nobody"}\n')
    sys.stdout.flush()
    if fault:
        sys.stderr.write(f'swarm: {fault}\n')
    if others:
        sys.stderr.write(
            f'swarm: not reached within {chosen.patience_s:g} s: {", ".join(others)}; are they'
            ' running, and in this ROS domain? Use the emergency stop on the robot\n'
        )


def _patience(text: str) -> float:
    value = float(text)
    if not 0.0 <= value <= _LONGEST_PATIENCE_S:
        raise argparse.ArgumentTypeError(f'{text}: expected 0 to {_LONGEST_PATIENCE_S:g} s')
    return value


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(prog='swarm freeze', description=__doc__)
    parser.add_argument('state', choices=('on', 'off'))
    parser.add_argument('--by', required=True, help='who orders it, for the record')
    parser.add_argument('--why', required=True, help='the reason, for the record')
    parser.add_argument('--fleet', type=Path, default=Path('config/fleets/depot.yaml'))
    parser.add_argument(
        '--vault', type=Path, default=Path('vault/supervisor'), help='where it is recorded'
    )
    parser.add_argument('--patience-s', type=_patience, default=5.0, help='wait for answers [s]')
    parser.add_argument(
        '--hold', action='store_true', help='go on telling robots that start later, until Ctrl-C'
    )
    parser.add_argument('--json', action='store_true', help='print JSON for machines')
    try:
        return run(parser.parse_args())
    except ConfigError as error:
        sys.stderr.write(f'swarm: {error}\n')
        return 2
    except KeyboardInterrupt:
        return 0


if __name__ == '__main__':
    sys.exit(main())
