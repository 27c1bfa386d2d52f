# SPDX-License-Identifier: Apache-2.0
"""Our `replace` makes what that of the library makes."""

import dataclasses
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_vault.replacing import replace

T = TypeVar('T')


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    one: int
    two: str = 'two'


@dataclass(frozen=True, slots=True, kw_only=True)
class Slotted(Base):
    value: tuple[int, ...] = ()
    made: list[int] = field(default_factory=list)
    copy: int = 0


@dataclass(frozen=True, kw_only=True)
class Plain:
    one: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    one: int = 1
    double: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, 'double', 2 * self.one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    _kept: int = 0
    one: int = 1


@dataclass(frozen=True, slots=True)
class Empty:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed(Generic[T]):
    one: T


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        'one': st.integers(),
        'two': st.text(),
        'value': st.tuples(st.integers()),
        'made': st.lists(st.integers()),
        'copy': st.none(),
    },
)


@given(CHANGES)
def test_copies_equal_those_of_the_library(changes: dict):
    value = Slotted(one=1, value=(2,), made=[3])
    ours, theirs = replace(value, **changes), dataclasses.replace(value, **changes)
    assert (type(ours), ours, repr(ours)) == (Slotted, theirs, repr(theirs))
    assert ('made' in changes) or ours.made is value.made


def test_copies_are_frozen_and_leave_the_value_as_it_was():
    value = Slotted(one=1)
    copy = replace(value, one=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        copy.one = 3
    assert (value.one, copy.one) == (1, 2)


def test_a_field_that_there_is_not_is_refused():
    with pytest.raises(TypeError, match='three'):
        replace(Slotted(one=1), three=3)


def test_constructors_that_do_more_than_to_store_are_called():
    assert replace(Checked(), one=4).double == 8
    assert replace(Plain(), one=4) == Plain(one=4)
    assert replace(Empty()) == Empty()
    assert replace(Hidden(_kept=3), one=4) == Hidden(_kept=3, one=4)


def test_classes_that_can_have_no_twin_are_left_to_the_library():
    assert replace(Typed(one=1), one=2) == Typed(one=2)
