# SPDX-License-Identifier: Apache-2.0
"""Run the benches and print their figures: `swarm bench reflex`."""

import argparse
import json
import math
import signal
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import rclpy
from rclpy.node import Node

from swarm_config.errors import ConfigError
from swarm_config.sockets import use_sockets
from swarm_reflex.bench.compute import cloud_costs, scan_costs
from swarm_reflex.bench.endurance import endurance
from swarm_reflex.bench.faults import LIMITS_S, faults
from swarm_reflex.bench.feeder import STOP_S
from swarm_reflex.bench.figures import Figure, quantile, spread
from swarm_reflex.bench.recorded import replayed
from swarm_reflex.bench.stage import Base, Stage, cpu_s, numbers_of, tell
from swarm_reflex.bench.stops import stop_times_ms
from swarm_reflex.realtime import claim_realtime

_ALL = ('compute', 'endurance', 'latency', 'period', 'cpu', 'eight', 'faults')
_LIMITS_S = {'scan': LIMITS_S['sensor'], 'command': LIMITS_S['planner']}
"""Silence after which the gate stops, by role."""
_RAMPS = {'command'}
"""Whose silence ends in a controlled stop: the figure is until it begins."""
_CRUISE_MPS = 0.5
_LONG_GAP_MS = 50.0
_PRIORITY = 45
"""Who measures must not wait for what loads the machine; SCHED_FIFO if permitted."""
_EIGHT = [f'r{i}' for i in range(1, 9)]


def latency(stage: Stage, node: Node, stops: int, *, busy: bool) -> list[Figure]:
    """Obstacle in a scan of another process until zero arrives here; control: a bare relay."""
    label = 'loaded' if busy else 'quiet'
    spent: dict[str, list[float]] = {}
    with stage.load(busy=busy):
        for name in ('gate', 'relay'):
            robot = f'{name}_{label}'
            tell(f'{stops} stops of the {name}, {label}: {stops * STOP_S / 60.0:.1f} min')
            gate = (
                stage.reflex(robot)
                if name == 'gate'
                else stage.start('swarm_reflex.bench.relay', '--ros-args', '-r', f'__ns:=/{robot}')
            )
            spent[name] = _stop_times(stage, node, robot, stops)
            stage.end(gate)
    figures = spread(f'stop_latency_{label}', spent['gate'], 'ms', spent['relay'])
    seen = Figure(name=f'stops_{label}', value=len(spent['gate']), unit='stops', control=stops)
    return [*figures, seen]


def _stop_times(stage: Stage, node: Node, robot: str, stops: int) -> list[float]:
    base = Base(node, [robot])
    feeder = stage.feeder(robot, '--stops', str(stops), listen=True)
    shown = numbers_of(feeder, lambda: base.listen(50_000_000))
    stage.end(feeder)
    return stop_times_ms(shown, base.moves[0], base.stops[0])


def period(stage: Stage, node: Node, seconds: float) -> list[Figure]:
    """Gaps between commands at the base under load; control: a bare sleeping loop."""
    figures = []
    for busy in (False, True):
        label = 'loaded' if busy else 'quiet'
        robot = f'period_{label}'
        with stage.load(busy=busy):
            gate, feeder = stage.reflex(robot), stage.feeder(robot)
            base = Base(node, [robot])
            base.until(base.all_move, 'the robot drives')
            gaps, control = _gaps(base, seconds), _sleeping_gaps(seconds)
            stage.end(gate, feeder)
        errors = [abs(gap - 10.0) for gap in gaps]
        bare = [abs(gap - 10.0) for gap in control]
        name = f'period_error_{label}'
        figures += spread(name, errors, 'ms', bare)
        p999 = (quantile(errors, 0.999), quantile(bare, 0.999))
        figures.append(Figure(name=f'{name}_p999', value=p999[0], unit='ms', control=p999[1]))
        long = [sum(gap > _LONG_GAP_MS for gap in some) for some in (gaps, control)]
        figures.append(
            Figure(name=f'gaps_over_50_ms_{label}', value=long[0], unit='gaps', control=long[1])
        )
    return figures


def _gaps(base: Base, seconds: float) -> list[float]:
    """Time between commands by their stamps [ms]; not beside one on arrival of a scan."""
    end = time.monotonic() + seconds
    base.sent_ns[0].clear()
    while time.monotonic() < end:
        base.listen(50_000_000)
    gaps = [(b - a) * 1e-6 for a, b in pairwise(base.sent_ns[0])]
    return [gap for gap in gaps if gap > 9.0] or gaps


def _sleeping_gaps(seconds: float) -> list[float]:
    gaps, due = [], time.monotonic()
    last, end = due, due + seconds
    while last < end:
        due += 0.01
        time.sleep(max(0.0, due - time.monotonic()))
        now = time.monotonic()
        gaps.append((now - last) * 1e3)
        last = now
    return gaps


def cpu(stage: Stage, node: Node, seconds: float) -> list[Figure]:
    """Processor share of a driving gate at a 10 Hz scan, recording; control: the bare relay."""
    shares = []
    for module in ('gate', 'relay'):
        robot = f'cpu_{module}'
        relay = ('swarm_reflex.bench.relay', '--ros-args', '-r', f'__ns:=/{robot}')
        gate = stage.reflex(robot) if module == 'gate' else stage.start(*relay)
        feeder, base = stage.feeder(robot), Base(node, [robot])
        base.until(base.all_move, 'the robot drives')
        start, start_s = time.monotonic(), cpu_s(gate)
        while time.monotonic() < start + seconds:
            base.listen(100_000_000)
        shares.append(100.0 * (cpu_s(gate) - start_s) / (time.monotonic() - start))
        stage.end(gate, feeder)
    return [Figure(name='cpu_10hz_scan', value=shares[0], unit='% of a core', control=shares[1])]


def eight(stage: Stage, node: Node, trials: int) -> list[Figure]:
    """Eight gates on this machine: silence of sensor or commander until all eight are zero."""
    gates = [stage.reflex(name) for name in _EIGHT]
    base, names = Base(node, _EIGHT), ','.join(_EIGHT)
    figures = []
    for role in ('scan', 'command'):
        others = ','.join(sorted({'scan', 'odom', 'command', 'planner', 'situation'} - {role}))
        rest = stage.feeder(names, '--roles', others)
        spent = []
        for _ in range(trials):
            one = stage.feeder(names, '--roles', role)
            base.until(lambda: base.all_cruise(_CRUISE_MPS), 'all eight cruise')
            spent.append(_silence(base, one, signal.SIGKILL, role))
            stage.end(one)
        stage.end(rest)
        late = [(s - _LIMITS_S[role]) * 1e3 for s in spent]
        name = f'eight_gates_{role}_silent_after_limit'
        figures.append(Figure(name=f'{name}_worst', value=max(late), unit='ms', control=20.0))
    stage.end(*gates)
    return figures


def _silence(base: Base, process: subprocess.Popen[str], number: int, role: str) -> float:
    """Time from a signal until every command is zero, or falls where the stop is a ramp [s]."""
    start_ns = time.monotonic_ns()
    process.send_signal(number)
    if role in _RAMPS:
        base.until(lambda: base.all_below(0.999 * _CRUISE_MPS), 'all brake')
    else:
        base.until(base.all_stand, 'all stand')
    return (time.monotonic_ns() - start_ns) * 1e-9


def run(chosen: argparse.Namespace) -> list[Figure]:
    """Run the chosen benches in one folder for their records; this process plays the base."""
    use_sockets()
    rclpy.init()
    node = Node('bench', start_parameter_services=False, enable_rosout=False)
    claim_realtime(_PRIORITY, inherited=False)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), chosen.fleet, chosen.agent)
        try:
            for name in _chosen(chosen):
                figures += _run_one(name, stage, node, chosen)
        finally:
            stage.end()
    node.destroy_node()
    rclpy.shutdown()
    return figures


def _chosen(chosen: argparse.Namespace) -> list[str]:
    """The benches to run; a recorded drive only where there is one."""
    names = chosen.only.split(',') if chosen.only else [*_ALL]
    if chosen.log and not chosen.only:
        names.append('recorded')
    if 'recorded' in names and not chosen.log:
        raise ConfigError('bench: recorded: which drive? Give a CARMEN log with --log FILE')
    return names


def _run_one(  # noqa: PLR0911 - one return for each bench
    name: str, stage: Stage, node: Node, chosen: argparse.Namespace
) -> list[Figure]:
    if name == 'compute':
        return [*scan_costs(20 * chosen.seconds), *cloud_costs(5 * chosen.seconds)]
    if name == 'endurance':
        return endurance(stage.folder, chosen.seconds)
    if name == 'latency':
        quiet = latency(stage, node, chosen.stops, busy=False)
        return [*quiet, *latency(stage, node, chosen.stops, busy=True)]
    if name == 'period':
        return period(stage, node, chosen.seconds)
    if name == 'cpu':
        return cpu(stage, node, chosen.seconds)
    if name == 'eight':
        return eight(stage, node, chosen.trials)
    if name == 'faults':
        return faults(stage, node, chosen.trials, chosen.robots)
    if name == 'recorded':
        return replayed(chosen.log)
    raise ConfigError(f'bench: {name!r} is none of {", ".join(_ALL)}, recorded')


def main() -> int:
    """Parse, run, print; 2 means that something could not be measured."""
    parser = argparse.ArgumentParser(prog='swarm bench reflex', description=__doc__)
    parser.add_argument('--only', default='', help=f'some of {",".join(_ALL)},recorded')
    parser.add_argument('--stops', type=int, default=300, help='obstacles per latency run')
    parser.add_argument('--seconds', type=int, default=20, help='of each continuous measurement')
    parser.add_argument('--trials', type=int, default=3, help='of each fault')
    parser.add_argument('--robots', type=int, default=4, help='of a fault at the same time')
    parser.add_argument(
        '--log', type=Path, help='CARMEN log of a recorded drive; replayed if given'
    )
    parser.add_argument('--fleet', type=Path, default=Path('config/fleets/depot.yaml'))
    parser.add_argument('--agent', default='amr_1', help='the robot of the fleet to be')
    parser.add_argument('--json', action='store_true', help='rows of name, value, unit, control')
    chosen = parser.parse_args()
    scheduling = _scheduling()
    try:
        figures = run(chosen)
    except ConfigError as error:
        sys.stderr.write(f'{error}\n')
        return 2
    if chosen.json:
        sys.stdout.write(json.dumps([figure.row() for figure in figures]) + '\n')
        return 0
    sys.stdout.write(f'scheduling of the gate: {scheduling}\n')
    for figure in figures:
        control = '' if math.isnan(figure.control) else f'   (control {figure.control:.3f})'
        sys.stdout.write(f'{figure.name:45s} {figure.value:10.3f} {figure.unit}{control}\n')
    return 0


def _scheduling() -> str:
    """Which scheduling a gate gets here, asked in a process of its own."""
    code = 'from swarm_reflex.realtime import claim_realtime; print(claim_realtime(50))'
    asked = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=True
    )
    return asked.stdout.strip()


if __name__ == '__main__':
    sys.exit(main())
