from swarm.v1 import laws_pb2 as _laws_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Handoff(_message.Message):
    __slots__ = ("order_id", "previous_agent_id", "revoked", "reason", "phase", "step", "place", "tried", "next_actions", "constraints")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    TRIED_FIELD_NUMBER: _ClassVar[int]
    NEXT_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    previous_agent_id: str
    revoked: bool
    reason: str
    phase: str
    step: str
    place: str
    tried: _containers.RepeatedScalarFieldContainer[str]
    next_actions: _containers.RepeatedScalarFieldContainer[str]
    constraints: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, order_id: _Optional[str] = ..., previous_agent_id: _Optional[str] = ..., revoked: _Optional[bool] = ..., reason: _Optional[str] = ..., phase: _Optional[str] = ..., step: _Optional[str] = ..., place: _Optional[str] = ..., tried: _Optional[_Iterable[str]] = ..., next_actions: _Optional[_Iterable[str]] = ..., constraints: _Optional[_Iterable[str]] = ...) -> None: ...

class Packet(_message.Message):
    __slots__ = ("objective", "deliverables", "scope", "forbidden", "required_steps", "success_criteria", "max_errors", "max_repeats", "max_procedure", "escalation_rules", "mandate_id", "created_for", "areas")
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    DELIVERABLES_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    FORBIDDEN_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_STEPS_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_CRITERIA_FIELD_NUMBER: _ClassVar[int]
    MAX_ERRORS_FIELD_NUMBER: _ClassVar[int]
    MAX_REPEATS_FIELD_NUMBER: _ClassVar[int]
    MAX_PROCEDURE_FIELD_NUMBER: _ClassVar[int]
    ESCALATION_RULES_FIELD_NUMBER: _ClassVar[int]
    MANDATE_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FOR_FIELD_NUMBER: _ClassVar[int]
    AREAS_FIELD_NUMBER: _ClassVar[int]
    objective: str
    deliverables: _containers.RepeatedScalarFieldContainer[str]
    scope: _containers.RepeatedScalarFieldContainer[str]
    forbidden: _containers.RepeatedScalarFieldContainer[str]
    required_steps: _containers.RepeatedScalarFieldContainer[str]
    success_criteria: _containers.RepeatedScalarFieldContainer[str]
    max_errors: int
    max_repeats: int
    max_procedure: int
    escalation_rules: _containers.RepeatedScalarFieldContainer[str]
    mandate_id: str
    created_for: str
    areas: _containers.RepeatedCompositeFieldContainer[_laws_pb2.Area]
    def __init__(self, objective: _Optional[str] = ..., deliverables: _Optional[_Iterable[str]] = ..., scope: _Optional[_Iterable[str]] = ..., forbidden: _Optional[_Iterable[str]] = ..., required_steps: _Optional[_Iterable[str]] = ..., success_criteria: _Optional[_Iterable[str]] = ..., max_errors: _Optional[int] = ..., max_repeats: _Optional[int] = ..., max_procedure: _Optional[int] = ..., escalation_rules: _Optional[_Iterable[str]] = ..., mandate_id: _Optional[str] = ..., created_for: _Optional[str] = ..., areas: _Optional[_Iterable[_Union[_laws_pb2.Area, _Mapping]]] = ...) -> None: ...
