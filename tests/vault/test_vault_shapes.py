# SPDX-License-Identifier: Apache-2.0
"""A pattern takes only lines that the closer look takes: it is faster, never kinder."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vault_world import log_file, log_lines, put_lines, record, signed_vault

from swarm_vault import shapes
from swarm_vault.chain import follow, take_line
from swarm_vault.errors import VaultError
from swarm_vault.keys import load_trust
from swarm_vault.lines import Event, Kind, Link, encode_line, parse_line
from swarm_vault.log_check import LogWalk
from swarm_vault.segments import log_folder
from swarm_vault.shapes import _FLOAT, _WHOLE, Shapes

DATA = {'a': 1, 'b': [0.5, 2.25], 'c': 'x', 'd': {'e': None, 'f': [1, 0.5]}, 'g': []}
TRICKY = (
    *('0', '-0', '-0.0', '0.0', '01', '1.0', '1.', '.5', '+1', ' 1', '1 ', '1e5', '1E5', '1e+16'),
    *('1e-06', '1e-6', '0.00001', '0.0001', '0.10', '1.50', '0.30000000000000004', '12345678.5'),
    *('0.1000000000000000055', '9007199254740993', '9223372036854775808', '1' * 19, '1' * 40),
    *('-9999999999999999999', 'NaN', 'Infinity', 'true', 'null', 'tru', '[]', '[0.5]', '{}'),
    *('""', '"a"', '"\\u0041"', '"\\/"', '"\\""', '"\\n"', '"é"', '"\x7f"', '"\t"', "'a'", '"a'),
    *('"x","z":1', '1,"a":1', '0.5,0.5', '[0.5],1', '"x"}', '2,', ''),
)


def line_of(data: dict, number: int = 0, type_: str = 'test.said') -> bytes:
    event = Event(kind=Kind.MESSAGE, type_=type_, data=data, causes=('a/b/1',))
    return encode_line(event, Link(number), agent_id='a', writer='w', time_ns=10**18 + number)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, 'LEARN_AFTER', 1)


def learned(line: bytes, telling: tuple[str, ...] = ()) -> Shapes:
    made = Shapes('a', 'w', telling)
    made.learn(line[line.rfind(b',"type":"') :], line, parse_line(line))
    assert made.known
    return made


def judged(line: bytes, made: Shapes) -> str:
    ((_, _, reason),) = follow([line], Link(), made, agent_id='a', writer='w')
    return reason


@pytest.mark.usefixtures('at_once')
@pytest.mark.parametrize('old', ['1,', '0.5,', '2.25', '"x"', 'null', '[]'])
@pytest.mark.parametrize('new', TRICKY)
def test_whatever_stands_in_place_of_a_value_is_judged_as_without_patterns(old: str, new: str):
    line = line_of(DATA)
    put = new + ',' * old.endswith(',')
    changed = line.replace(old.encode(), put.encode(), 1)
    expected = take_line(changed, Link(), agent_id='a', writer='w').reason
    assert judged(changed, learned(line)) == expected


@pytest.mark.usefixtures('at_once')
@given(st.data())
def test_a_line_with_some_bytes_changed_is_judged_as_without_patterns(data: st.DataObject):
    line = bytearray(line_of(DATA))
    made = learned(bytes(line))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(line) - 1))
        line[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    changed = bytes(line)
    expected = take_line(changed, Link(), agent_id='a', writer='w').reason
    assert judged(changed, made) == expected


@given(st.from_regex(re.compile(_FLOAT.decode()), fullmatch=True, alphabet='-.0123456789'))
def test_a_float_that_a_pattern_takes_is_printed_so_and_in_no_other_way(text: str):
    assert json.dumps(json.loads(text)) == text


@given(st.from_regex(re.compile(_WHOLE.decode()), fullmatch=True, alphabet='-0123456789'))
def test_a_whole_number_that_a_pattern_takes_is_printed_so(text: str):
    assert json.dumps(json.loads(text)) == text


@pytest.mark.usefixtures('at_once')
def test_of_a_type_that_tells_something_the_whole_event_is_given():
    line = line_of(DATA)
    for telling, told in (((), {'type': 'test.said'}), (('test.',), json.loads(line))):
        made = learned(line, telling)
        ((event, _, reason),) = follow([line], Link(), made, agent_id='a', writer='w')
        assert (event, reason) == (told, '')


@pytest.mark.usefixtures('at_once')
def test_a_log_has_few_patterns_and_none_of_long_lines():
    made = Shapes('a', 'w')
    for number in range(200):
        for type_ in ('x', f't{number}'):
            line = line_of({'k' * (number + 1): 1}, number, type_)
            made.learn(line[line.rfind(b',"type":"') :], line, parse_line(line))
    long = line_of({'a': 'x' * 3000}, 0, 'long')
    made.learn(long[long.rfind(b',"type":"') :], long, parse_line(long))
    assert sum(map(len, made.known.values())) == 64
    assert len(made.known[b',"type":"x"}']) == 4
    assert b',"type":"long"}' not in made.known


@pytest.mark.parametrize('line', [8, 9])
def test_a_changed_log_is_found_out_alike_with_and_without_patterns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: int
):
    vault = signed_vault(tmp_path)
    record(vault, frames=3, events=8)
    folder, path = log_folder(vault, 'amr_1', 'reflex'), log_file(vault)
    trust, whole = load_trust(vault), log_lines(path)
    for at in range(0, len(whole[line]), 3):
        changed = bytearray(whole[line])
        changed[at] ^= 1
        put_lines(path, [*whole[:line], bytes(changed), *whole[line + 1 :]])
        found = []
        for after in (1, 10**9):
            monkeypatch.setattr(shapes, 'LEARN_AFTER', after)
            check = LogWalk(folder, trust).check()
            found.append((check.fault, check.file, check.line, check.seq, check.lines))
        assert found[0] == found[1]
        assert found[0][0]


def test_what_is_nested_too_deeply_to_be_read_again_is_not_written():
    deep: list = []
    for _ in range(190):
        deep = [deep]
    line = line_of({'a': deep})
    assert take_line(line, Link(), agent_id='a', writer='w').reason == ''
    with pytest.raises(VaultError, match='nest its data less deeply'):
        line_of({'a': [[[[[[[[[[[[[deep]]]]]]]]]]]]]})


def test_a_line_that_is_nested_beyond_all_readers_is_a_fault_and_no_crash():
    line = b'{"causes":%b%b}' % (b'[' * 300, b']' * 300)
    assert 'recursion limit' in judged(line, Shapes('a', 'w'))
