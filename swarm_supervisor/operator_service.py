# SPDX-License-Identifier: Apache-2.0
"""The gRPC service for operators. Only the operator's certificate gets through."""

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any

import grpc
from swarm.v1 import operator_pb2, operator_pb2_grpc

from swarm_supervisor import operations
from swarm_supervisor.callers import require_operator
from swarm_supervisor.fleet_state import fleet_state, mission_state
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.wire import WireError

PERIOD_S = (0.1, 60.0)


class OperatorService(operator_pb2_grpc.OperatorServicer):
    """Operators command here."""

    def __init__(self, hq: Headquarters) -> None:
        """Serve for a headquarters."""
        self._hq = hq

    async def _caller(self, context: Any) -> str:
        return await require_operator(context, insecure=self._hq.insecure)

    async def Submit(  # noqa: N802 - gRPC's name
        self, request: operator_pb2.SubmitRequest, context: Any
    ) -> operator_pb2.SubmitReply:
        """Take an order in words."""
        return await operations.submit(self._hq, request, await self._caller(context))

    async def List(  # noqa: N802
        self, request: operator_pb2.ListRequest, context: Any
    ) -> operator_pb2.ListReply:
        """All missions that are at hand, the oldest first."""
        del request
        await self._caller(context)
        missions = [mission_state(mission) for mission in self._hq.missions]
        return operator_pb2.ListReply(missions=missions)

    async def Watch(  # noqa: N802
        self, request: operator_pb2.WatchRequest, context: Any
    ) -> AsyncIterator[operator_pb2.FleetState]:
        """The common picture, again and again."""
        await self._caller(context)
        period_s = request.period_s if math.isfinite(request.period_s) else 0.0
        period_s = min(max(period_s or 1.0, PERIOD_S[0]), PERIOD_S[1])
        while True:
            yield fleet_state(self._hq)
            await asyncio.sleep(period_s)

    async def Recall(  # noqa: N802
        self, request: operator_pb2.RecallRequest, context: Any
    ) -> operator_pb2.RecallReply:
        """Take a mission back."""
        await self._caller(context)
        return operations.recall(self._hq, request)

    async def Stop(  # noqa: N802
        self, request: operator_pb2.StopRequest, context: Any
    ) -> operator_pb2.StopReply:
        """Stop one robot or all."""
        caller = await self._caller(context)
        try:
            return operator_pb2.StopReply(agents=operations.stop(self._hq, request, caller))
        except WireError as error:
            return await context.abort(grpc.StatusCode.NOT_FOUND, str(error))

    async def Revoke(  # noqa: N802
        self, request: operator_pb2.RevokeRequest, context: Any
    ) -> operator_pb2.RevokeReply:
        """Trust a robot no more."""
        await self._caller(context)
        return operations.revoke(self._hq, request)

    async def Escalations(  # noqa: N802
        self, request: operator_pb2.ListRequest, context: Any
    ) -> operator_pb2.EscalationsReply:
        """What waits for an operator's answer."""
        del request
        await self._caller(context)
        found = [
            operator_pb2.Escalation(
                escalation_id=e.escalation_id,
                agent_id=e.agent_id,
                text=e.text,
                stamp_ns=e.stamp_ns,
                order_id=e.order_id,
            )
            for e in self._hq.store.open_escalations()
        ]
        return operator_pb2.EscalationsReply(open=found)

    async def Resolve(  # noqa: N802
        self, request: operator_pb2.ResolveRequest, context: Any
    ) -> operator_pb2.ResolveReply:
        """Answer an escalation."""
        await self._caller(context)
        return operations.resolve(self._hq, request)

    async def Votes(  # noqa: N802
        self, request: operator_pb2.ListRequest, context: Any
    ) -> operator_pb2.VotesReply:
        """What the robots decide among themselves: votes and blackboard."""
        del request
        await self._caller(context)
        return self._hq.joint.reply()
