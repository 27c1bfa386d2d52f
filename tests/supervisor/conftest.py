# SPDX-License-Identifier: Apache-2.0
"""An operator and two robots of the supervisor that a test file makes."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from supervisor_room import Supervisor, TalkingRobot, robot_of

from swarm_supervisor.client import OperatorClient


@pytest.fixture
def operator(supervisor: Supervisor) -> Iterator[OperatorClient]:
    with supervisor.operator() as client:
        yield client


@pytest.fixture
def pair(supervisor: Supervisor) -> Iterator[list[TalkingRobot]]:
    with ExitStack() as stack:
        yield [stack.enter_context(robot_of(supervisor, n)) for n in ('amr_1', 'amr_2')]
