from swarm.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Area(_message.Message):
    __slots__ = ("name", "corners")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CORNERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    corners: _containers.RepeatedCompositeFieldContainer[_common_pb2.Point2D]
    def __init__(self, name: _Optional[str] = ..., corners: _Optional[_Iterable[_Union[_common_pb2.Point2D, _Mapping]]] = ...) -> None: ...

class Mandate(_message.Message):
    __slots__ = ("mandate_id", "agent_id", "tier", "max_speed_mps", "zones", "blocked_zones", "skills", "energy_wh", "not_before_ns", "not_after_ns", "charge_share", "total_wh")
    MANDATE_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    MAX_SPEED_MPS_FIELD_NUMBER: _ClassVar[int]
    ZONES_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_ZONES_FIELD_NUMBER: _ClassVar[int]
    SKILLS_FIELD_NUMBER: _ClassVar[int]
    ENERGY_WH_FIELD_NUMBER: _ClassVar[int]
    NOT_BEFORE_NS_FIELD_NUMBER: _ClassVar[int]
    NOT_AFTER_NS_FIELD_NUMBER: _ClassVar[int]
    CHARGE_SHARE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_WH_FIELD_NUMBER: _ClassVar[int]
    mandate_id: str
    agent_id: str
    tier: int
    max_speed_mps: float
    zones: _containers.RepeatedCompositeFieldContainer[Area]
    blocked_zones: _containers.RepeatedCompositeFieldContainer[Area]
    skills: _containers.RepeatedScalarFieldContainer[str]
    energy_wh: float
    not_before_ns: int
    not_after_ns: int
    charge_share: float
    total_wh: float
    def __init__(self, mandate_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., tier: _Optional[int] = ..., max_speed_mps: _Optional[float] = ..., zones: _Optional[_Iterable[_Union[Area, _Mapping]]] = ..., blocked_zones: _Optional[_Iterable[_Union[Area, _Mapping]]] = ..., skills: _Optional[_Iterable[str]] = ..., energy_wh: _Optional[float] = ..., not_before_ns: _Optional[int] = ..., not_after_ns: _Optional[int] = ..., charge_share: _Optional[float] = ..., total_wh: _Optional[float] = ...) -> None: ...

class Revocation(_message.Message):
    __slots__ = ("agent_id", "stamp_ns", "lifted", "reason", "by")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    STAMP_NS_FIELD_NUMBER: _ClassVar[int]
    LIFTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    stamp_ns: int
    lifted: bool
    reason: str
    by: str
    def __init__(self, agent_id: _Optional[str] = ..., stamp_ns: _Optional[int] = ..., lifted: _Optional[bool] = ..., reason: _Optional[str] = ..., by: _Optional[str] = ...) -> None: ...

class Revocations(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[_common_pb2.Signed]
    def __init__(self, entries: _Optional[_Iterable[_Union[_common_pb2.Signed, _Mapping]]] = ...) -> None: ...

class Warrant(_message.Message):
    __slots__ = ("intended_by", "planned_by", "judged_by", "approved_by", "approval_id", "mandate_id", "grants_tier", "expected_wh", "clear_zones", "clear_ns")
    INTENDED_BY_FIELD_NUMBER: _ClassVar[int]
    PLANNED_BY_FIELD_NUMBER: _ClassVar[int]
    JUDGED_BY_FIELD_NUMBER: _ClassVar[int]
    APPROVED_BY_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_ID_FIELD_NUMBER: _ClassVar[int]
    MANDATE_ID_FIELD_NUMBER: _ClassVar[int]
    GRANTS_TIER_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_WH_FIELD_NUMBER: _ClassVar[int]
    CLEAR_ZONES_FIELD_NUMBER: _ClassVar[int]
    CLEAR_NS_FIELD_NUMBER: _ClassVar[int]
    intended_by: str
    planned_by: str
    judged_by: str
    approved_by: str
    approval_id: str
    mandate_id: str
    grants_tier: int
    expected_wh: float
    clear_zones: _containers.RepeatedScalarFieldContainer[str]
    clear_ns: int
    def __init__(self, intended_by: _Optional[str] = ..., planned_by: _Optional[str] = ..., judged_by: _Optional[str] = ..., approved_by: _Optional[str] = ..., approval_id: _Optional[str] = ..., mandate_id: _Optional[str] = ..., grants_tier: _Optional[int] = ..., expected_wh: _Optional[float] = ..., clear_zones: _Optional[_Iterable[str]] = ..., clear_ns: _Optional[int] = ...) -> None: ...

class PendingQuestion(_message.Message):
    __slots__ = ("pending_id", "text", "asked_by", "reason", "digest", "asked_ns", "expires_ns", "file", "status")
    PENDING_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ASKED_BY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    ASKED_NS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_NS_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    pending_id: str
    text: str
    asked_by: str
    reason: str
    digest: str
    asked_ns: int
    expires_ns: int
    file: str
    status: str
    def __init__(self, pending_id: _Optional[str] = ..., text: _Optional[str] = ..., asked_by: _Optional[str] = ..., reason: _Optional[str] = ..., digest: _Optional[str] = ..., asked_ns: _Optional[int] = ..., expires_ns: _Optional[int] = ..., file: _Optional[str] = ..., status: _Optional[str] = ...) -> None: ...

class PendingReply(_message.Message):
    __slots__ = ("questions",)
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    questions: _containers.RepeatedCompositeFieldContainer[PendingQuestion]
    def __init__(self, questions: _Optional[_Iterable[_Union[PendingQuestion, _Mapping]]] = ...) -> None: ...

class DecideRequest(_message.Message):
    __slots__ = ("pending_id", "operator", "approve", "reason", "digest")
    PENDING_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    APPROVE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    pending_id: str
    operator: str
    approve: bool
    reason: str
    digest: str
    def __init__(self, pending_id: _Optional[str] = ..., operator: _Optional[str] = ..., approve: _Optional[bool] = ..., reason: _Optional[str] = ..., digest: _Optional[str] = ...) -> None: ...

class DecideReply(_message.Message):
    __slots__ = ("done", "reason", "mission_id")
    DONE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MISSION_ID_FIELD_NUMBER: _ClassVar[int]
    done: bool
    reason: str
    mission_id: str
    def __init__(self, done: _Optional[bool] = ..., reason: _Optional[str] = ..., mission_id: _Optional[str] = ...) -> None: ...

class TierState(_message.Message):
    __slots__ = ("agent_id", "tier", "mandate_tier", "mandate_id", "expires_ns", "granted_by", "total_runs", "compliant_runs", "consecutive", "revoked", "reason")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    MANDATE_TIER_FIELD_NUMBER: _ClassVar[int]
    MANDATE_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_NS_FIELD_NUMBER: _ClassVar[int]
    GRANTED_BY_FIELD_NUMBER: _ClassVar[int]
    TOTAL_RUNS_FIELD_NUMBER: _ClassVar[int]
    COMPLIANT_RUNS_FIELD_NUMBER: _ClassVar[int]
    CONSECUTIVE_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    tier: int
    mandate_tier: int
    mandate_id: str
    expires_ns: int
    granted_by: str
    total_runs: int
    compliant_runs: int
    consecutive: int
    revoked: bool
    reason: str
    def __init__(self, agent_id: _Optional[str] = ..., tier: _Optional[int] = ..., mandate_tier: _Optional[int] = ..., mandate_id: _Optional[str] = ..., expires_ns: _Optional[int] = ..., granted_by: _Optional[str] = ..., total_runs: _Optional[int] = ..., compliant_runs: _Optional[int] = ..., consecutive: _Optional[int] = ..., revoked: _Optional[bool] = ..., reason: _Optional[str] = ...) -> None: ...

class TiersReply(_message.Message):
    __slots__ = ("robots",)
    ROBOTS_FIELD_NUMBER: _ClassVar[int]
    robots: _containers.RepeatedCompositeFieldContainer[TierState]
    def __init__(self, robots: _Optional[_Iterable[_Union[TierState, _Mapping]]] = ...) -> None: ...

class SetTierRequest(_message.Message):
    __slots__ = ("agent_id", "tier", "operator", "reason")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    tier: int
    operator: str
    reason: str
    def __init__(self, agent_id: _Optional[str] = ..., tier: _Optional[int] = ..., operator: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class SetTierReply(_message.Message):
    __slots__ = ("done", "reason", "tier")
    DONE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    done: bool
    reason: str
    tier: int
    def __init__(self, done: _Optional[bool] = ..., reason: _Optional[str] = ..., tier: _Optional[int] = ...) -> None: ...

class FaultCount(_message.Message):
    __slots__ = ("key", "count")
    KEY_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    key: str
    count: int
    def __init__(self, key: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class BudgetState(_message.Message):
    __slots__ = ("agent_id", "mission_id", "total", "repeats", "procedure", "max_total", "max_repeats", "max_procedure", "breach", "faults")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    MISSION_ID_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    REPEATS_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_FIELD_NUMBER: _ClassVar[int]
    MAX_TOTAL_FIELD_NUMBER: _ClassVar[int]
    MAX_REPEATS_FIELD_NUMBER: _ClassVar[int]
    MAX_PROCEDURE_FIELD_NUMBER: _ClassVar[int]
    BREACH_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    mission_id: str
    total: int
    repeats: int
    procedure: int
    max_total: int
    max_repeats: int
    max_procedure: int
    breach: str
    faults: _containers.RepeatedCompositeFieldContainer[FaultCount]
    def __init__(self, agent_id: _Optional[str] = ..., mission_id: _Optional[str] = ..., total: _Optional[int] = ..., repeats: _Optional[int] = ..., procedure: _Optional[int] = ..., max_total: _Optional[int] = ..., max_repeats: _Optional[int] = ..., max_procedure: _Optional[int] = ..., breach: _Optional[str] = ..., faults: _Optional[_Iterable[_Union[FaultCount, _Mapping]]] = ...) -> None: ...

class BudgetsReply(_message.Message):
    __slots__ = ("budgets",)
    BUDGETS_FIELD_NUMBER: _ClassVar[int]
    budgets: _containers.RepeatedCompositeFieldContainer[BudgetState]
    def __init__(self, budgets: _Optional[_Iterable[_Union[BudgetState, _Mapping]]] = ...) -> None: ...
