from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class PriorityClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRIORITY_CLASS_UNSPECIFIED: _ClassVar[PriorityClass]
    PRIORITY_CLASS_IDLE: _ClassVar[PriorityClass]
    PRIORITY_CLASS_RETURNING: _ClassVar[PriorityClass]
    PRIORITY_CLASS_MISSION: _ClassVar[PriorityClass]
    PRIORITY_CLASS_LOW_BATTERY: _ClassVar[PriorityClass]
    PRIORITY_CLASS_PAYLOAD: _ClassVar[PriorityClass]
    PRIORITY_CLASS_EMERGENCY: _ClassVar[PriorityClass]
PRIORITY_CLASS_UNSPECIFIED: PriorityClass
PRIORITY_CLASS_IDLE: PriorityClass
PRIORITY_CLASS_RETURNING: PriorityClass
PRIORITY_CLASS_MISSION: PriorityClass
PRIORITY_CLASS_LOW_BATTERY: PriorityClass
PRIORITY_CLASS_PAYLOAD: PriorityClass
PRIORITY_CLASS_EMERGENCY: PriorityClass

class Pose2D(_message.Message):
    __slots__ = ("x_m", "y_m", "yaw_rad")
    X_M_FIELD_NUMBER: _ClassVar[int]
    Y_M_FIELD_NUMBER: _ClassVar[int]
    YAW_RAD_FIELD_NUMBER: _ClassVar[int]
    x_m: float
    y_m: float
    yaw_rad: float
    def __init__(self, x_m: _Optional[float] = ..., y_m: _Optional[float] = ..., yaw_rad: _Optional[float] = ...) -> None: ...

class Point2D(_message.Message):
    __slots__ = ("x_m", "y_m")
    X_M_FIELD_NUMBER: _ClassVar[int]
    Y_M_FIELD_NUMBER: _ClassVar[int]
    x_m: float
    y_m: float
    def __init__(self, x_m: _Optional[float] = ..., y_m: _Optional[float] = ...) -> None: ...

class CellSet(_message.Message):
    __slots__ = ("resolution_m", "width", "height", "bits")
    RESOLUTION_M_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    BITS_FIELD_NUMBER: _ClassVar[int]
    resolution_m: float
    width: int
    height: int
    bits: bytes
    def __init__(self, resolution_m: _Optional[float] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., bits: _Optional[bytes] = ...) -> None: ...

class Signed(_message.Message):
    __slots__ = ("domain", "agent_id", "sequence", "payload", "signature")
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    domain: str
    agent_id: str
    sequence: int
    payload: bytes
    signature: bytes
    def __init__(self, domain: _Optional[str] = ..., agent_id: _Optional[str] = ..., sequence: _Optional[int] = ..., payload: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class HeadStep(_message.Message):
    __slots__ = ("writer", "old_size", "checkpoint", "hashes", "unable")
    WRITER_FIELD_NUMBER: _ClassVar[int]
    OLD_SIZE_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    HASHES_FIELD_NUMBER: _ClassVar[int]
    UNABLE_FIELD_NUMBER: _ClassVar[int]
    writer: str
    old_size: int
    checkpoint: str
    hashes: _containers.RepeatedScalarFieldContainer[bytes]
    unable: str
    def __init__(self, writer: _Optional[str] = ..., old_size: _Optional[int] = ..., checkpoint: _Optional[str] = ..., hashes: _Optional[_Iterable[bytes]] = ..., unable: _Optional[str] = ...) -> None: ...

class HeadHeld(_message.Message):
    __slots__ = ("log", "size")
    LOG_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    log: str
    size: int
    def __init__(self, log: _Optional[str] = ..., size: _Optional[int] = ...) -> None: ...
