# SPDX-License-Identifier: Apache-2.0
"""The names of a command generator's arena: rooms, places, objects, people, gestures."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from swarm_supervisor.core.language.orders import NameKind

_KINDS = {
    'room': NameKind.PLACE, 'beacon': NameKind.PLACE, 'placement': NameKind.PLACE,
    'object': NameKind.OBJECT, 'category': NameKind.CATEGORY, 'name': NameKind.PERSON,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What wildcards are filled with."""

    of: Mapping[str, tuple[str, ...]]
    """Names by kind of wildcard."""
    facts: Mapping[str, Mapping[str, str]]
    """What the files say of an object, its category among it."""
    vague: Mapping[str, str]
    """A less exact word for a name: an object's category, a place's room."""

    @property
    def known(self) -> dict[str, NameKind]:
        """What a robot of that arena knows by name."""
        return {name: kind for group, kind in _KINDS.items() for name in self.of[group]}

    def such(self, kind: str, condition: str) -> tuple[str, ...]:
        """The names of a kind of which a condition holds, e.g. 'canPour=true'."""
        wanted = re.findall(r'(\w+)\s*=\s*"?(\w+)"?', condition)
        return tuple(
            name
            for name in self.of[kind]
            if all(self.facts[name].get(fact, '').lower() == value for fact, value in wanted)
        )


def read_names(folder: Path) -> Names:
    """Read the files of an arena."""
    rooms, things, people, gestures = (
        ET.parse(folder / f'{name}.xml').getroot()  # noqa: S314 - the files are ours
        for name in ('Locations', 'Objects', 'Names', 'Gestures')
    )
    spots = list(rooms.iter('location'))
    categories = list(things.iter('category'))
    facts = {
        entry.attrib['name']: {**entry.attrib, 'Category': category.attrib['name']}
        for category in categories
        for entry in category.iter('object')
    }
    of = {
        'room': tuple(entry.attrib['name'] for entry in rooms.iter('room')),
        'beacon': tuple(e.attrib['name'] for e in spots if e.get('isBeacon') == 'true'),
        'placement': tuple(e.attrib['name'] for e in spots if e.get('isPlacement') == 'true'),
        **dict.fromkeys(('object', 'aobject', 'kobject', 'sobject'), tuple(facts)),
        'category': tuple(entry.attrib['name'] for entry in categories),
        'name': tuple((entry.text or '').strip() for entry in people.iter('name')),
        'gesture': tuple(entry.attrib['name'] for entry in gestures.iter('gesture')),
    }
    inside = {
        spot.attrib['name']: room.attrib['name']
        for room in rooms.iter('room')
        for spot in room.iter('location')
    }
    kinds = {name: said['Category'] for name, said in facts.items()}
    return Names(of=of, facts=facts, vague={**kinds, **inside})
