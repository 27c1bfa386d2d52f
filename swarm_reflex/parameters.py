# SPDX-License-Identifier: Apache-2.0
"""ROS parameters to the core's Params, checked once: a bad one is refused with its name and range.

The fields of `Params` and `Settings` are the parameters; config/params/reflex.yaml lists them all.
"""

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

from rclpy.node import Node

from swarm_config.errors import ConfigError
from swarm_config.fleets import load_fleet
from swarm_config.node_parameters import declare, declared, required
from swarm_config.ranges import Range
from swarm_reflex.core.types import Params, Ring, RobotLimits

RESET_PARAMETERS = ('reset_by', 'reset_reason')
"""Set before a call to reflex/reset, which uses them up: the only ones that change at run time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the shell needs and the core does not."""

    rate_hz: Annotated[float, Range(20, 500)] = 100.0
    """Ticks a second [Hz]."""
    realtime_priority: Annotated[int, Range(0, 90)] = 50
    """SCHED_FIFO priority of the loop where permitted; 0 = ordinary scheduling."""
    stamped_commands: bool = True
    """TwistStamped on cmd_vel_raw and cmd_vel; false: plain Twist, aged by arrival alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Everything that a start of the node was told."""

    agent_id: str
    vault_dir: Path
    settings: Settings
    params: Params
    finish_s: float = 0.0
    """How long the robot may go on when its record fails [s]."""


def load_setup(node: Node) -> Setup:
    """Read all parameters and the robot's class.

    Raises:
        ConfigError: One is missing, has the wrong type or lies outside its range.
    """
    agent_id, fleet_file, vault_dir = (
        required(node, name) for name in ('agent_id', 'fleet_file', 'vault_dir')
    )
    settings = Settings(**declared(node, Settings))
    fleet = load_fleet(Path(fleet_file))
    model = fleet.robot(agent_id).model
    limits = RobotLimits(**{f.name: getattr(model, f.name) for f in fields(RobotLimits)})
    tuning = declared(node, Params, without={'robot', 'geofence', 'sandbox'})
    body_m = limits.radius_m + tuning['geofence_margin_m']
    geofence, sandbox = (
        parse_rings(name, declare(node, name, ''), body_m) for name in ('geofence', 'sandbox')
    )
    for name in RESET_PARAMETERS:
        node.declare_parameter(name, '')
    return Setup(
        agent_id=agent_id,
        vault_dir=Path(vault_dir),
        settings=settings,
        finish_s=fleet.file.finish_s,
        params=Params(robot=limits, geofence=geofence, sandbox=sandbox, **tuning),
    )


def parse_rings(name: str, text: str, body_m: float = 0.0) -> tuple[Ring, ...]:
    """Read rings written as JSON: '[[[x, y], ...], ...]' in the map frame [m]; '' is none.

    Args:
        name: The parameter.
        text: Its value.
        body_m: Radius of the body and the margin that it keeps [m].

    Raises:
        ConfigError: The text is no such list, a ring is no simple polygon, or nowhere between the
            rings is there room for the body and its margin.
    """
    if not text.strip():
        return ()
    try:
        rings = tuple(tuple((float(x), float(y)) for x, y in ring) for ring in json.loads(text))
    except (ValueError, TypeError) as error:
        raise ConfigError(f'{name}: {text!r} is no list of rings [[[x, y], ...], ...]') from error
    for ring in rings:
        _check_ring(name, ring)
    _check_room(name, rings, body_m)
    return rings


def _check_room(name: str, rings: tuple[Ring, ...], body_m: float) -> None:
    import shapely

    area = shapely.Polygon()
    for ring in rings:
        area = area.symmetric_difference(shapely.Polygon(ring))
    if area.buffer(-body_m).is_empty:
        raise ConfigError(
            f'{name}: its rings leave no room for a body that takes {body_m:g} m to each side'
            ' with its margin; widen them'
        )


def _check_ring(name: str, ring: Ring) -> None:
    import shapely

    finite = all(math.isfinite(value) for corner in ring for value in corner)
    if len(ring) < 3 or not finite or not shapely.Polygon(ring).is_valid:
        raise ConfigError(
            f'{name}: ring {ring!r} is no fence; give at least 3 finite corners '
            'whose edges do not cross'
        )
