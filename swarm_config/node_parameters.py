# SPDX-License-Identifier: Apache-2.0
"""The fields of dataclasses as ROS parameters of a node, read once: a bad one is refused by name.

Only nodes import this module; it is the one of this room that needs ROS.
"""

from collections.abc import Collection
from dataclasses import fields
from typing import Any

import rclpy.exceptions
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node

from swarm_config.errors import ConfigError
from swarm_config.ranges import check, ranges

_FIXED = ParameterDescriptor(read_only=True)
"""What a node has read once it does not read again, so that a later change is refused."""


def declared(node: Node, type_: type, without: Collection[str] = ()) -> dict[str, Any]:
    """Declare the fields of a dataclass, and what they are set to.

    Args:
        node: Whose parameters they become.
        type_: A dataclass; all fields that are declared have defaults.
        without: Names of fields that are no parameters.

    Raises:
        ConfigError: One has the wrong type or lies outside its range.
    """
    values = {
        field.name: declare(node, field.name, field.default)
        for field in fields(type_)
        if field.name not in without
    }
    limits = ranges(type_)
    for name, value in values.items():
        check(name, value, limits.get(name))
    return values


def declare(node: Node, name: str, default: Any) -> Any:
    """Declare one parameter, and what it is set to.

    Raises:
        ConfigError: It is set to a value of another type.
    """
    try:
        return node.declare_parameter(name, default, _FIXED).value
    except rclpy.exceptions.InvalidParameterTypeException as error:
        kind = type(default).__name__
        raise ConfigError(f'parameter {name}: expected a {kind}, like {default!r}') from error


def required(node: Node, name: str) -> str:
    """Declare a parameter that a start must name.

    Raises:
        ConfigError: It is missing or no text.
    """
    value: str = declare(node, name, '')
    if not value:
        raise ConfigError(f'parameter {name}: missing; start with --ros-args -p {name}:=...')
    return value
