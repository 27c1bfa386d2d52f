# SPDX-License-Identifier: Apache-2.0
"""The wire contract keeps its numbers, and the generated Python is that of the .proto files."""

import importlib
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2 as pb
from grpc_tools import protoc

from bootstrap.proto import HEAD, NUMBERS, broken, numbers_of, read_numbers

ROOT = Path(__file__).resolve().parents[2] / 'swarm_msgs'
NAMES = sorted(path.stem for path in (ROOT / 'proto' / 'swarm' / 'v1').glob('*.proto'))
OLD = {'a.M.one': '1 optional string', 'a.E.ZERO': '0'}


def generated() -> list[pb.FileDescriptorProto]:
    files = []
    for name in NAMES:
        described = pb.FileDescriptorProto()
        importlib.import_module(f'swarm.v1.{name}_pb2').DESCRIPTOR.CopyToProto(described)
        files.append(described)
    return files


def contract(**fields: int) -> list[pb.FileDescriptorProto]:
    message = pb.DescriptorProto(name='M')
    for name, number in fields.items():
        message.field.add(name=name, number=number, label=1, type=9)
    zero = pb.EnumValueDescriptorProto(name='ZERO', number=0)
    enum = pb.EnumDescriptorProto(name='E', value=[zero])
    return [pb.FileDescriptorProto(package='a', message_type=[message], enum_type=[enum])]


def test_every_number_of_the_wire_contract_is_the_one_that_was_given_first():
    assert broken(read_numbers(NUMBERS), numbers_of(generated()), generated()) == []


def test_every_number_of_the_wire_contract_is_written_down():
    assert numbers_of(generated()).keys() <= read_numbers(NUMBERS).keys()
    assert NUMBERS.read_text(encoding='utf-8').startswith(HEAD)


def test_every_enum_has_a_zero_that_says_nothing():
    enums = {e.name: e for file in generated() for e in file.enum_type}
    assert enums
    for enum in enums.values():
        zero = next(value for value in enum.value if value.number == 0)
        assert zero.name.endswith('_UNSPECIFIED')


@pytest.mark.parametrize('name', NAMES)
def test_generated_python_is_that_of_the_proto_files(name, tmp_path):
    # one call of protoc a process: it keeps the files that it has read
    source = ROOT / 'proto' / 'swarm' / 'v1' / f'{name}.proto'
    described = tmp_path / 'described.pb'
    arguments = ['protoc', f'-I{ROOT / "proto"}', f'--descriptor_set_out={described}', str(source)]
    assert protoc.main(arguments) == 0
    (compiled,) = pb.FileDescriptorSet.FromString(described.read_bytes()).file
    module = importlib.import_module(f'swarm.v1.{name}_pb2')
    current = pb.FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)
    for described_file in (compiled, current):
        clear_json_names(described_file)
    assert compiled == current


def clear_json_names(file: pb.FileDescriptorProto) -> None:
    waiting = list(file.message_type)
    while waiting:
        message = waiting.pop()
        waiting.extend(message.nested_type)
        for field in message.field:
            field.ClearField('json_name')


def test_an_unchanged_contract_breaks_nothing():
    assert broken(OLD, numbers_of(contract(one=1)), contract(one=1)) == []


def test_a_new_field_breaks_nothing():
    assert broken(OLD, numbers_of(contract(one=1, two=2)), contract(one=1, two=2)) == []


def test_a_renumbered_field_is_refused():
    (fault,) = broken(OLD, numbers_of(contract(one=2)), contract(one=2))
    assert "a.M.one was '1 optional string' and would become '2 optional string'" in fault


def test_a_removed_field_must_be_reserved():
    (fault,) = broken(OLD, numbers_of(contract()), contract())
    assert fault.startswith('a.M.one (1 optional string) is gone; reserve its name')
    reserving = contract()
    reserving[0].message_type[0].reserved_name.append('one')
    assert broken(OLD, numbers_of(reserving), reserving) == []


def test_the_number_of_a_removed_field_is_never_given_again():
    reusing = contract(two=1)
    reusing[0].message_type[0].reserved_name.append('one')
    (fault,) = broken(OLD, numbers_of(reusing), reusing)
    assert fault == 'a.M.two takes the number of a.M.one; give it one that was never used'
