# SPDX-License-Identifier: Apache-2.0
"""The gRPC service for operators. Only the operator's certificate gets through."""

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
from swarm.v1 import laws_pb2, operator_pb2, operator_pb2_grpc

from swarm_supervisor import (
    approvals,
    deciding,
    operations,
    recalling,
    resolving,
    revoking,
    standing_views,
    stopping,
)
from swarm_supervisor.callers import require_operator
from swarm_supervisor.doorkeeper import CrowdedError, Doorkeeper
from swarm_supervisor.fleet_state import fleet_state, mission_state
from swarm_supervisor.headquarters import Headquarters
from swarm_supervisor.wire import WireError
from swarm_vault.laws.core.roles import Principal, Right
from swarm_vault.recorder import Kind

PERIOD_S = (0.1, 60.0)


class OperatorService(operator_pb2_grpc.OperatorServicer):
    """Operators command here."""

    def __init__(self, hq: Headquarters) -> None:
        """Serve for a headquarters."""
        self._hq = hq
        self._door = Doorkeeper(hq.settings, self._turned_away)

    def _turned_away(self, who: str, reason: str) -> None:
        data = {'operator': who, 'reason': reason}
        self._hq.note(Kind.VIOLATION, 'operator.turned_away', data)

    async def _paced(self, context: Any, right: Right, claimed: str = '') -> Principal:
        """Who calls, where it may and has not asked too often; else the call ends here."""
        caller = await self._caller(context, right, claimed)
        let_in = self._door.order if right is Right.ORDER else self._door.request
        try:
            let_in(caller, self._hq.clock())
        except CrowdedError as error:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        return caller

    async def _caller(self, context: Any, right: Right, claimed: str = '') -> Principal:
        """Who calls; a call without the right ends here, and stands in the record."""
        hq = self._hq
        try:
            return await require_operator(
                context, hq.register, right, claimed=claimed, insecure=hq.insecure
            )
        except grpc.aio.AbortError:
            data = {'operator': claimed[:64], 'right': right.value}
            hq.note(Kind.VIOLATION, 'operator.refused', data)
            raise

    async def Submit(  # noqa: N802 - gRPC's name
        self, request: operator_pb2.SubmitRequest, context: Any
    ) -> operator_pb2.SubmitReply:
        """Take an order in words."""
        caller = await self._paced(context, Right.ORDER, request.operator)
        return await operations.submit(self._hq, request, caller)

    async def List(  # noqa: N802
        self, request: operator_pb2.ListRequest, context: Any
    ) -> operator_pb2.ListReply:
        """All missions that are at hand, the oldest first."""
        del request
        await self._paced(context, Right.SEE)
        missions = [mission_state(mission) for mission in self._hq.missions]
        return operator_pb2.ListReply(missions=missions)

    async def Watch(  # noqa: N802
        self, request: operator_pb2.WatchRequest, context: Any
    ) -> AsyncIterator[operator_pb2.FleetState]:
        """The common picture, again and again, as long as the role for it lasts."""
        period_s = request.period_s if math.isfinite(request.period_s) else 0.0
        period_s = min(max(period_s or 1.0, PERIOD_S[0]), PERIOD_S[1])
        await self._paced(context, Right.SEE)
        try:
            with self._door.watching():
                while True:
                    await self._caller(context, Right.SEE)
                    yield fleet_state(self._hq)
                    await asyncio.sleep(period_s)
        except CrowdedError as error:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))

    async def Recall(  # noqa: N802
        self, request: operator_pb2.RecallRequest, context: Any
    ) -> operator_pb2.RecallReply:
        """Take a mission back."""
        caller = await self._caller(context, Right.ORDER, request.operator)
        return recalling.recall(self._hq, request, caller)

    async def Stop(  # noqa: N802
        self, request: operator_pb2.StopRequest, context: Any
    ) -> operator_pb2.StopReply:
        """Stop one robot or all."""
        caller = await self._caller(context, Right.STOP, request.operator)
        try:
            return operator_pb2.StopReply(agents=stopping.stop(self._hq, request, caller))
        except WireError as error:
            return await context.abort(grpc.StatusCode.NOT_FOUND, str(error))

    async def Revoke(  # noqa: N802
        self, request: operator_pb2.RevokeRequest, context: Any
    ) -> operator_pb2.RevokeReply:
        """Trust a robot no more."""
        caller = await self._caller(context, Right.REVOKE, request.operator)
        return revoking.revoke(self._hq, request, caller)

    async def Escalations(  # noqa: N802
        self, request: operator_pb2.ListRequest, context: Any
    ) -> operator_pb2.EscalationsReply:
        """What waits for an operator's answer."""
        del request
        await self._paced(context, Right.SEE)
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
        caller = await self._paced(context, Right.APPROVE, request.operator)
        return resolving.resolve(self._hq, request, caller)

    async def Pending(  # noqa: N802
        self, request: operator_pb2.ListRequest, context: Any
    ) -> laws_pb2.PendingReply:
        """Questions to a human, settled ones too."""
        del request
        await self._paced(context, Right.SEE)
        rows = self._hq.store.pending()
        return laws_pb2.PendingReply(
            questions=[approvals.to_message(self._hq, row) for row in rows]
        )

    async def Decide(  # noqa: N802
        self, request: laws_pb2.DecideRequest, context: Any
    ) -> laws_pb2.DecideReply:
        """Approve or deny what waits."""
        caller = await self._paced(context, Right.APPROVE, request.operator)
        return await deciding.decide(self._hq, request, caller)

    async def Tiers(  # noqa: N802
        self, request: operator_pb2.ListRequest, context: Any
    ) -> laws_pb2.TiersReply:
        """How far each robot is trusted, and why."""
        del request
        await self._paced(context, Right.SEE)
        return standing_views.tiers(self._hq)

    async def SetTier(  # noqa: N802
        self, request: laws_pb2.SetTierRequest, context: Any
    ) -> laws_pb2.SetTierReply:
        """Promote, demote, or trust a revoked robot again."""
        caller = await self._paced(context, Right.GRANT, request.operator)
        return revoking.set_tier(self._hq, request, caller)

    async def Budgets(  # noqa: N802
        self, request: operator_pb2.ListRequest, context: Any
    ) -> laws_pb2.BudgetsReply:
        """What has gone wrong in each mission, against what may."""
        del request
        await self._paced(context, Right.SEE)
        return standing_views.budgets(self._hq)

    async def Votes(  # noqa: N802
        self, request: operator_pb2.ListRequest, context: Any
    ) -> operator_pb2.VotesReply:
        """What the robots decide among themselves: votes and blackboard."""
        del request
        await self._paced(context, Right.SEE)
        return self._hq.joint.reply()
