# SPDX-License-Identifier: Apache-2.0
"""Laws of the chain: what was appended verifies, whatever is changed does not."""

import json

import orjson
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from swarm_vault.chain import take_line
from swarm_vault.errors import VaultError
from swarm_vault.lines import KEYS as LINE_KEYS
from swarm_vault.lines import (
    Event,
    Kind,
    Link,
    encode_json,
    encode_line,
    parse_line,
    read_pinned,
)

KEYS = st.text(st.characters(exclude_categories=['Cs']), max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=['Cs'])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.builds(
    Event,
    kind=st.sampled_from(Kind),
    type_=st.text(st.characters(exclude_categories=['Cs']), max_size=12),
    data=st.dictionaries(KEYS, JSON, max_size=4),
    causes=st.lists(KEYS, max_size=2).map(tuple),
)
CHAINS = st.lists(EVENTS, min_size=1, max_size=6)


def lines_of(events: list[Event]) -> list[bytes]:
    lines, link = [], Link()
    for number, event in enumerate(events):
        line = encode_line(event, link, agent_id='a', writer='w', time_ns=number)
        lines.append(line)
        link = take_line(line, link, agent_id='a', writer='w').link
    return lines


def judge(lines: list[bytes]) -> tuple[Link, str]:
    link = Link()
    for line in lines:
        step = take_line(line, link, agent_id='a', writer='w')
        if step.reason:
            return step.link, step.reason
        link = step.link
    return link, ''


@given(CHAINS)
def test_what_was_appended_verifies_and_holds_what_was_given(events: list[Event]):
    lines = lines_of(events)
    assert judge(lines)[1] == ''
    for event, line in zip(events, lines, strict=True):
        assert b'\n' not in line
        stored = parse_line(line)
        assert (stored['type'], stored['kind']) == (event.type_, event.kind.value)
        assert stored['data'] == json.loads(json.dumps(event.data))


@given(CHAINS, st.data())
def test_a_flipped_bit_shows_in_the_line_or_in_the_end_of_the_chain(events, data):
    lines = lines_of(events)
    number = data.draw(st.integers(0, len(lines) - 1))
    bit = data.draw(st.integers(0, 8 * len(lines[number]) - 1))
    changed = bytearray(lines[number])
    changed[bit // 8] ^= 1 << bit % 8
    end = judge(lines)[0]
    forged = [*lines[:number], bytes(changed), *lines[number + 1 :]]
    found_end, reason = judge(forged)
    assert reason or found_end != end


@given(CHAINS, st.data())
def test_a_line_that_is_missing_doubled_or_moved_is_found(events, data):
    lines = lines_of(events)
    number = data.draw(st.integers(0, len(lines) - 1))
    end = judge(lines)[0]
    without = lines[:number] + lines[number + 1 :]
    assert judge(without) != (end, '')
    assert (
        f'seq {number + 1} expected, found {number} again'
        in judge([*lines[: number + 1], lines[number], *lines[number + 1 :]])[1]
    )
    if number:
        swapped = lines.copy()
        swapped[number - 1], swapped[number] = lines[number], lines[number - 1]
        assert f'seq {number - 1} to {number - 1} missing' in judge(swapped)[1]


@given(CHAINS)
def test_lines_of_another_log_do_not_fit(events: list[Event]):
    line = lines_of(events)[0]
    step = take_line(line, Link(), agent_id='b', writer='w')
    assert step.reason == "seq 0 belongs to another log, its id is 'a/w/0'"


@given(st.binary(max_size=200))
def test_no_bytes_make_the_judge_raise(line: bytes):
    step = take_line(line, Link(), agent_id='a', writer='w')
    assert step.reason


@given(JSON)
def test_no_json_makes_the_judge_raise(value: object):
    line = json.dumps({'seq': value, 'id': value, 'prev': value}).encode()
    assert take_line(line, Link(), agent_id='a', writer='w').reason


ODD_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([1e-6, 0.00001234, 1e16, 123456789012345680.0, -0.0, 5e-324, 0.0001])
    | st.text(st.characters(exclude_categories=['Cs'])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab"\\é'), inner),
    max_leaves=8,
)


@given(data=st.dictionaries(st.text('abc'), ODD_JSON, max_size=4), printer=st.integers(0, 2))
def test_the_quick_look_passes_nothing_that_the_pinned_encoder_would_not_write(data, printer):
    event = dict.fromkeys(LINE_KEYS, 'x') | {'data': data, 'id': 'a/b/0', 'seq': 0}
    print_ = [encode_json, orjson.dumps, to_json][printer]
    try:
        line = print_(event)
    except (VaultError, TypeError, ValueError):
        return
    seen = read_pinned(line)
    assert seen is None or encode_json(seen) == line


def test_the_quick_look_knows_the_usual_line_and_leaves_odd_ones_to_the_slow_judge():
    def line_of(data: str) -> bytes:
        return f'{{"causes":[],"data":{data},"id":"a/b/0","seq":0}}'.encode()

    assert read_pinned(line_of('{"a":0.5,"b":[1,true,null]}')) is not None
    for odd in ('{"b":1,"a":2}', '{"a":1,"a":1}', '{"a":1e-7}', '{"a":0.00001}', '{"a": 1}', '{'):
        assert read_pinned(line_of(odd)) is None
    assert read_pinned(line_of('{"a":[{"c":1,"b":2}]}')) is None
