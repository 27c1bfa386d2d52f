# SPDX-License-Identifier: Apache-2.0
"""Site manuals, hazard sheets, map notes: texts of people, searched offline passage by passage.

`manuals/` in the supervisor's vault holds them as .md and .txt. A passage is what stands between
blank lines, with the heading above it; it is shown to people and named in records, and nothing in
it is ever an order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from swarm_vault.recall import Asked, best_of

MOST_PASSAGES = 2000
"""So many are searched, of all files by name."""
_MOST_BYTES = 1_000_000
"""A larger file is passed over."""
_LONGEST = 800
"""Of a longer passage the beginning counts [characters]."""
_KINDS = frozenset({'.md', '.txt'})


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A part of a manual."""

    place: str
    """File below the folder, and the line that it begins in: `spills.md:12`."""
    heading: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manuals:
    """All that can be searched, and what cannot be with its reason."""

    passages: tuple[Passage, ...] = ()
    faults: tuple[str, ...] = ()


def manuals_of(vault_dir: Path) -> Path:
    """Where the manuals lie."""
    return vault_dir / 'manuals'


def read_manuals(vault_dir: Path) -> Manuals:
    """Read all manuals; never raises. A file is read again only when it is another one."""
    folder = manuals_of(vault_dir)
    found: list[Passage] = []
    faults: list[str] = []
    for path in _files(folder, faults):
        try:
            found += _passages(path, folder, path.stat().st_mtime_ns, path.stat().st_size)
        except (OSError, ValueError) as error:
            faults.append(f'{path.relative_to(folder)}: {error}')
    if len(found) > MOST_PASSAGES:
        faults.append(f'{len(found) - MOST_PASSAGES} passages beyond {MOST_PASSAGES} are left out')
    return Manuals(passages=tuple(found[:MOST_PASSAGES]), faults=tuple(faults))


def text_of(passage: Passage) -> str:
    """What is searched of a passage."""
    return f'{passage.heading}. {passage.text}' if passage.heading else passage.text


def search(
    manuals: Manuals, question: str, *, most: int = 5, meant: Asked | None = None
) -> tuple[Passage, ...]:
    """The passages that fit a question best, by words and, where there is a model, by meaning."""
    found = {passage.place: passage for passage in manuals.passages}
    texts = {place: text_of(passage) for place, passage in found.items()}
    return tuple(found[place] for place in best_of(texts, question, most=most, meant=meant))


def _files(folder: Path, faults: list[str]) -> list[Path]:
    try:
        return sorted(p for p in folder.rglob('*') if p.suffix in _KINDS and p.is_file())
    except OSError as error:
        faults.append(f'{folder}: {error}')
        return []


@lru_cache(maxsize=512)
def _passages(path: Path, folder: Path, _mtime_ns: int, size: int) -> tuple[Passage, ...]:
    if size > _MOST_BYTES:
        raise ValueError(f'has over {_MOST_BYTES} bytes; cut it')
    name = path.relative_to(folder).as_posix()
    text = path.read_text(encoding='utf-8')
    return tuple(_cut(name, text))


def _cut(name: str, text: str) -> Iterator[Passage]:
    heading, begun, held = '', 0, list[str]()
    for number, line in enumerate([*text.splitlines(), ''], start=1):
        title = line.lstrip('#').strip() if line.startswith('#') else ''
        if line.strip() and not title:
            begun = begun if held else number
            held.append(line.strip())
            continue
        if held:
            said = ' '.join(held)[:_LONGEST]
            yield Passage(place=f'{name}:{begun}', heading=heading, text=said)
        heading, held = title or heading, []
