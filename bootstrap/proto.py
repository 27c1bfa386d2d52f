# SPDX-License-Identifier: Apache-2.0
"""`./swarm proto`: write the Python of swarm_msgs/proto anew; refuse what breaks old peers.

Runs in the virtual environment. swarm_msgs/proto/numbers.txt holds every number ever given.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from google.protobuf import descriptor_pb2 as pb
from grpc_tools import protoc  # type: ignore[import-untyped]

from bootstrap.site import CHECKOUT

ROOT = CHECKOUT / 'swarm_msgs'
NUMBERS = ROOT / 'proto' / 'numbers.txt'
HEAD = '# Every number of the wire contract, written by ./swarm proto; RULES.md says why.\n'
Field = pb.FieldDescriptorProto


def main() -> int:
    """Compile, compare, then replace what was generated before."""
    with tempfile.TemporaryDirectory() as scratch:
        described = _compile(Path(scratch))
        if described is None:
            return 1
        faults = broken(read_numbers(NUMBERS), numbers_of(described.file), described.file)
        if faults:
            sys.stderr.write('swarm: proto: nothing was written, because\n')
            sys.stderr.writelines(f'  {fault}\n' for fault in faults)
            return 1
        shutil.copytree(Path(scratch) / 'swarm', ROOT / 'python' / 'swarm', dirs_exist_ok=True)
    kept = read_numbers(NUMBERS) | numbers_of(described.file)
    NUMBERS.write_text(HEAD + ''.join(f'{k} = {v}\n' for k, v in sorted(kept.items())))
    sys.stdout.write(f'swarm_msgs/python written, {len(kept)} numbers unchanged or new\n')
    return 0


def _compile(target: Path) -> pb.FileDescriptorSet | None:
    """Generate Python to the folder; None if protoc refused, having said why."""
    described = target / 'described.pb'
    arguments = [
        'protoc',
        f'-I{ROOT / "proto"}',
        f'-I{files("grpc_tools") / "_proto"}',
        *(f'--{kind}_out={target}' for kind in ('python', 'pyi', 'grpc_python')),
        f'--descriptor_set_out={described}',
        *(str(path) for path in sorted((ROOT / 'proto').rglob('*.proto'))),
    ]
    if protoc.main(arguments):
        return None
    return pb.FileDescriptorSet.FromString(described.read_bytes())


def read_numbers(path: Path) -> dict[str, str]:
    """Names and what was given to them, from numbers.txt."""
    lines = path.read_text(encoding='utf-8').splitlines() if path.exists() else []
    pairs = (line.partition(' = ')[::2] for line in lines if line and not line.startswith('#'))
    return dict(pairs)


def numbers_of(described: Iterable[pb.FileDescriptorProto]) -> dict[str, str]:
    """Fields with number, label and type, enum values, and methods with their types."""
    found: dict[str, str] = {}
    for file in described:
        for name, message in messages_of(file):
            found |= {f'{name}.{field.name}': _kind(field) for field in message.field}
            found |= _enum_values(name, message.enum_type)
        found |= _enum_values(file.package, file.enum_type)
        for service in file.service:
            prefix = f'{file.package}.{service.name}'
            found |= {f'{prefix}.{m.name}': _signature(m) for m in service.method}
    return found


def messages_of(file: pb.FileDescriptorProto) -> Iterator[tuple[str, pb.DescriptorProto]]:
    """All messages of a file, nested ones too, with their full names."""
    waiting = [(file.package, message) for message in file.message_type]
    while waiting:
        scope, message = waiting.pop()
        name = f'{scope}.{message.name}'
        yield name, message
        waiting += [(name, nested) for nested in message.nested_type]


def broken(
    old: dict[str, str], new: dict[str, str], described: Iterable[pb.FileDescriptorProto]
) -> list[str]:
    """What the new contract breaks of the old one, a sentence each."""
    reserved = set(_reserved(described))
    changed = [
        f'{name} was {old[name]!r} and would become {new[name]!r}; give what changes a new name'
        for name in sorted(old.keys() & new.keys())
        if old[name] != new[name]
    ]
    gone = [
        f'{name} ({old[name]}) is gone; reserve its name and number, or bring it back'
        for name in sorted(old.keys() - new.keys() - reserved)
    ]
    return changed + gone + _given_twice(old, new)


def _given_twice(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Numbers of a message or enum that got a second name; methods have none."""
    names = {_slot(name, what): name for name, what in old.items() if '->' not in what}
    taken = [(name, names.get(_slot(name, what))) for name, what in new.items()]
    return [
        f'{name} takes the number of {owner}; give it one that was never used'
        for name, owner in taken
        if owner is not None and owner != name and owner not in new
    ]


def _slot(name: str, what: str) -> tuple[str, str]:
    return name.rpartition('.')[0], what.split(' ', 1)[0]


def _reserved(described: Iterable[pb.FileDescriptorProto]) -> Iterator[str]:
    """Full names of the fields and enum values that may not come back."""
    for file in described:
        enums = [(file.package, enum) for enum in file.enum_type]
        for name, message in messages_of(file):
            enums += [(name, enum) for enum in message.enum_type]
            yield from (f'{name}.{word}' for word in message.reserved_name)
        for scope, enum in enums:
            yield from (f'{scope}.{enum.name}.{word}' for word in enum.reserved_name)


def _kind(field: pb.FieldDescriptorProto) -> str:
    label = Field.Label.Name(field.label).removeprefix('LABEL_').lower()
    kind = field.type_name.lstrip('.') or Field.Type.Name(field.type).removeprefix('TYPE_').lower()
    return f'{field.number} {label} {kind}'


def _enum_values(scope: str, enums: Iterable[pb.EnumDescriptorProto]) -> dict[str, str]:
    return {f'{scope}.{enum.name}.{v.name}': str(v.number) for enum in enums for v in enum.value}


def _signature(method: pb.MethodDescriptorProto) -> str:
    up = 'stream ' if method.client_streaming else ''
    down = 'stream ' if method.server_streaming else ''
    return f'{up}{method.input_type.lstrip(".")} -> {down}{method.output_type.lstrip(".")}'


if __name__ == '__main__':
    sys.exit(main())
