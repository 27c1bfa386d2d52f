# SPDX-License-Identifier: Apache-2.0
"""What is decoded is what was encoded: every float, every byte, every enum."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vault_world import CORE, Beam, Inputs, Mood, Outputs, Word, inputs_at

from swarm_vault.codec import Codec, codec_of, frame_type
from swarm_vault.errors import VaultError
from swarm_vault.exactness import first_inexact

FLOATS = st.floats(allow_nan=True, allow_infinity=True, width=64)
TEXT = st.text(st.characters(exclude_categories=['Cs']), max_size=20)
BEAMS = st.builds(Beam, range_m=FLOATS, tags=st.lists(TEXT, max_size=3).map(tuple))
INPUTS = st.builds(
    Inputs,
    now_ns=st.integers(-(2**63), 2**64),
    speed=FLOATS,
    scan=st.binary(max_size=64),
    beams=st.lists(BEAMS, max_size=3).map(tuple),
    mood=st.sampled_from(Mood),
    note=st.none() | TEXT,
)
OUTPUTS = st.builds(
    Outputs,
    total=FLOATS,
    word=st.sampled_from(Word),
    seen=st.lists(st.tuples(FLOATS, st.booleans()), max_size=3).map(tuple),
)


@given(INPUTS, OUTPUTS)
def test_a_decoded_frame_is_the_encoded_one_to_the_bit(inputs: Inputs, outputs: Outputs):
    frame = frame_type(CORE)
    codec = Codec(frame)
    decoded = codec.decode(codec.encode(frame(inputs, outputs)))
    # The text tells -0.0 from 0.0, every type from every other, and one NaN equals the other.
    assert repr(decoded.i) == repr(inputs)
    assert repr(decoded.o) == repr(outputs)


@given(INPUTS)
def test_encoding_a_decoded_value_gives_the_same_bytes(inputs: Inputs):
    codec = codec_of(Inputs)
    data = codec.encode(inputs)
    assert codec.encode(codec.decode(data)) == data


@pytest.mark.parametrize(
    'value', [-0.0, 0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1]
)
def test_the_extreme_floats_survive(value: float):
    codec = codec_of(Beam)
    decoded = codec.decode(codec.encode(Beam(range_m=value)))
    assert repr(decoded.range_m) == repr(value)


def test_every_json_reader_can_read_a_frame():
    data = codec_of(Inputs).encode(replace(inputs_at(3), speed=float('-inf')))

    def refuse(text: str) -> None:
        raise AssertionError(text)

    assert json.loads(data, parse_constant=refuse)['speed'] == '-Infinity'


@pytest.mark.parametrize('speed', ['fast', b'1', (1.0,), {'a': 1}])
def test_a_field_of_another_type_is_refused_with_its_name(speed: object):
    with pytest.raises(VaultError, match=r'Inputs: cannot be recorded .*speed'):
        codec_of(Inputs).encode(replace(inputs_at(1), speed=speed))


def test_a_record_that_does_not_fit_the_type_is_refused_with_the_field():
    with pytest.raises(VaultError, match=r'Beam.range_m: .*does not fit'):
        codec_of(Beam).decode(b'{"range_m":null,"tags":[]}')
    with pytest.raises(VaultError, match=r'Beam.more: '):
        codec_of(Beam).decode(b'{"range_m":1.0,"tags":[],"more":1}')


def test_plain_values_make_the_way_there_and_back():
    codec = codec_of(Inputs)
    assert codec.decode_plain(codec.encode_plain(inputs_at(7))) == inputs_at(7)


@pytest.mark.parametrize(
    ('given_value', 'where'),
    [
        (replace(inputs_at(1), speed=1), 'speed is int 1, recorded as float 1.0'),
        (replace(inputs_at(1), speed=np.float32(0.5)), 'speed is float32'),
        (replace(inputs_at(1), beams=[]), 'beams is list'),
        (replace(inputs_at(1), beams=(Beam(range_m=2),)), 'beams.0.range_m is int 2'),
        (replace(inputs_at(1), mood=1), 'mood is int 1, recorded as Mood'),
        (inputs_at(1), ''),
    ],
)
@pytest.mark.filterwarnings('ignore::UserWarning')
def test_an_input_that_its_record_does_not_show_as_it_was_is_named(
    given_value: Inputs, where: str
):
    recorded = codec_of(Inputs).decode(json.dumps(_plain(given_value)).encode())
    found = first_inexact(given_value, recorded)
    assert found.startswith(where)
    assert bool(found) == bool(where)


def _plain(value: Inputs) -> dict[str, object]:
    return {
        'now_ns': value.now_ns,
        'speed': float(value.speed),
        'scan': codec_of(Inputs).encode_plain(inputs_at(1))['scan'],
        'beams': [
            {'range_m': str(b.range_m).replace('inf', 'Infinity'), 'tags': b.tags}
            for b in value.beams
        ],
        'mood': int(value.mood),
        'note': value.note,
    }
