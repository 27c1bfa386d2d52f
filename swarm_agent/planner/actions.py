# SPDX-License-Identifier: Apache-2.0
"""The action `execute_mission`: any ROS client gives one robot an order, no supervisor needed.

The server lives on a node of its own, which is spun without waiting a few times a second. A goal
is always taken, so that a fault has a place to be named: the result's reason.
"""

import time
from dataclasses import replace
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from swarm.v1 import mission_pb2

from swarm_agent.planner.core.orders import Ack, AckStatus, Order, Recall, Region
from swarm_agent.planner.core.types import Outputs
from swarm_agent.planner.order_text import OrderTextError, parse_order
from swarm_agent.planner.wire import to_order
from swarm_msgs.action import ExecuteMission

_MOST_OPEN = 16
_CLOSED = frozenset({AckStatus.REFUSED, AckStatus.COMPLETED, AckStatus.FAILED, AckStatus.RECALLED})
_Reply = tuple[bool, str, str]
"""success, order_id, reason."""


class MissionAction:
    """Takes goals as orders and answers them when the planner closes those orders."""

    def __init__(
        self,
        *,
        agent_id: str,
        survey_shape: tuple[int, ...],
        survey_cell_m: float,
        context: Context | None,
    ) -> None:
        """Start the server.

        Args:
            agent_id: Whose orders.
            survey_shape: Rows and columns of the survey grid.
            survey_cell_m: Its resolution [m].
            context: The rclpy context; None for the default one.
        """
        rows, cols = survey_shape
        bits = np.packbits(np.ones(rows * cols, dtype=bool)).tobytes()
        self._agent_id = agent_id
        self._everywhere = Region(resolution_m=survey_cell_m, width=cols, height=rows, bits=bits)
        self._node = Node(
            'planner_action', context=context, start_parameter_services=False, enable_rosout=False
        )
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self._node)
        self._server: Any = ActionServer(
            self._node,
            ExecuteMission,
            'execute_mission',
            execute_callback=self._finish,
            goal_callback=self._may_come,
            handle_accepted_callback=self._take,
            cancel_callback=self._cancel,
        )
        self._open: dict[str, Any] = {}
        self._replies: dict[bytes, _Reply] = {}
        self._orders: list[Order] = []
        self._recalls: list[Recall] = []
        self._fed_back: tuple[str, str, str, float] | None = None

    def poll(self) -> tuple[tuple[Order, ...], tuple[Recall, ...]]:
        """Serve what has come; the new orders and recalls."""
        self._executor.spin_once(timeout_sec=0.0)
        orders, recalls = tuple(self._orders), tuple(self._recalls)
        self._orders, self._recalls = [], []
        return orders, recalls

    def report(self, outputs: Outputs) -> None:
        """Tell the clients how their orders stand."""
        for ack in outputs.acks:
            if ack.status in _CLOSED:
                self._close(ack)
        said = (outputs.order_id, outputs.phase.value, outputs.skill, round(outputs.progress, 2))
        goal = self._open.get(outputs.order_id)
        if goal is not None and said != self._fed_back:
            self._fed_back = said
            _, phase, skill, progress = said
            feedback = ExecuteMission.Feedback(phase=phase, skill=skill, progress=progress)
            goal.publish_feedback(feedback)

    def close(self) -> None:
        """Take the server down; open goals end with it."""
        self._executor.shutdown(timeout_sec=0.2)
        self._server.destroy()
        self._node.destroy_node()

    def _may_come(self, _goal: ExecuteMission.Goal) -> GoalResponse:
        free = len(self._open) < _MOST_OPEN
        return GoalResponse.ACCEPT if free else GoalResponse.REJECT

    def _take(self, goal: Any) -> None:
        order_id = f'local-{self._agent_id}-{time.time_ns()}'
        try:
            order = self._order(goal.request, order_id)
        except (OrderTextError, DecodeError) as error:
            self._reply(goal, (False, '', str(error)))
            return
        if order.order_id in self._open:
            self._reply(goal, (False, order.order_id, 'this order is being executed already'))
            return
        self._open[order.order_id] = goal
        self._orders.append(order)

    def _order(self, request: Any, order_id: str) -> Order:
        """Read a goal.

        Raises:
            OrderTextError: It holds none or both forms, or its text is no order.
            DecodeError: Its bytes are no MissionOrder.
        """
        content = bytes(request.order_proto)
        if bool(request.order_text) == bool(content):
            raise OrderTextError('exactly one of order_text and order_proto must be given')
        if not content:
            return parse_order(
                request.order_text,
                order_id=order_id,
                agent_id=self._agent_id,
                everywhere=self._everywhere,
            )
        order = to_order(mission_pb2.MissionOrder.FromString(content), local=True)
        return replace(
            order,
            order_id=order.order_id or order_id,
            agent_id=order.agent_id or self._agent_id,
        )

    def _cancel(self, goal: Any) -> CancelResponse:
        for order_id, other in self._open.items():
            if other is goal:
                self._recalls.append(Recall(order_id=order_id, reason='cancelled by the client'))
                return CancelResponse.ACCEPT
        return CancelResponse.REJECT

    def _close(self, ack: Ack) -> None:
        goal = self._open.pop(ack.order_id, None)
        if goal is not None:
            done = ack.status is AckStatus.COMPLETED
            self._reply(goal, (done, ack.order_id, ack.reason))

    def _reply(self, goal: Any, reply: _Reply) -> None:
        self._replies[bytes(goal.goal_id.uuid)] = reply
        goal.execute()

    def _finish(self, goal: Any) -> ExecuteMission.Result:
        success, order_id, reason = self._replies.pop(bytes(goal.goal_id.uuid))
        if success:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return ExecuteMission.Result(success=success, order_id=order_id, reason=reason)
