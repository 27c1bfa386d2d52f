# SPDX-License-Identifier: Apache-2.0
"""The fast copy of a dataclass is that of the standard library."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vault_world import inputs_at

from swarm_vault.replaced import replace

changes = st.fixed_dictionaries(
    {},
    optional={
        'now_ns': st.integers(),
        'speed': st.floats(allow_nan=False),
        'scan': st.binary(),
        'note': st.none() | st.text(),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    limit: int
    type_: str = ''
    old: str = ''
    twice: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if self.limit < 0:
            raise ValueError('below nothing')
        object.__setattr__(self, 'twice', 2 * self.limit)


@given(st.integers(0, 9), changes)
def test_a_copy_has_the_changes_and_the_rest(number: int, change: dict[str, Any]):
    value = inputs_at(number)
    assert replace(value, **change) == dataclasses.replace(value, **change)
    assert value == inputs_at(number)


def test_a_copy_is_made_by_the_constructor_of_its_own_class():
    assert replace(Counted(limit=1), limit=4).twice == 8
    assert replace(Counted(limit=1), type_='a', old='b') == Counted(limit=1, type_='a', old='b')
    with pytest.raises(ValueError, match='below nothing'):
        replace(Counted(limit=1), limit=-1)


def test_a_field_that_the_class_does_not_have_is_refused():
    for _ in range(2):
        with pytest.raises(TypeError, match="Inputs has no field 'velocity'"):
            replace(inputs_at(1), velocity=1.0)
