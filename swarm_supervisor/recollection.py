# SPDX-License-Identifier: Apache-2.0
"""What the supervisor looks up when an order comes: notes and manuals, by words and by meaning.

The sentence model is loaded, and notes are read by it, in a thread of the watch; an order never
waits for either. What the model has not read yet is found by its words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from swarm_config.errors import ConfigError
from swarm_vault.errors import VaultError
from swarm_vault.manuals import Passage, read_manuals, search, text_of
from swarm_vault.meaning import NONE, VectorBook, encoder_of
from swarm_vault.recall import Recalled, asked, learn, recall

AT_ONCE = 64
"""So many notes are read by the model in one go."""
WORDS = 'words'


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was found."""

    notes: tuple[Recalled, ...]
    manuals: tuple[Passage, ...]
    how: str
    """By words, or by words and a model."""


class Recollection:
    """The notes of a vault; words alone until a model is loaded."""

    def __init__(self, vault_dir: Path, choice: str) -> None:
        """Choose the model; nothing is loaded yet.

        Args:
            vault_dir: The supervisor's vault.
            choice: Parameter `recall_model`.

        Raises:
            ConfigError: The folder that is named has no model.
        """
        self._vault_dir, self._choice = vault_dir, choice
        self._book: VectorBook | None = None
        self.due = choice != NONE
        """Whether there may be notes that no model has read."""
        self.fault = ''
        """Why the meaning does not count, once it was tried."""
        for name in ('model.onnx', 'vocab.txt') if choice not in {'', NONE} else ():
            if not (Path(choice) / name).is_file():
                raise ConfigError(
                    f'recall_model: no file {name!r} in {choice!r}; expected a folder with'
                    f" model.onnx and vocab.txt, {NONE!r}, or '' for the extra's model"
                )

    def filed(self) -> None:
        """A note was written."""
        self.due = self._choice != NONE and not self.fault

    def learn(self, folders: Iterable[Path]) -> None:
        """Load the model if there is anything to read, and let it read some of it. Blocks."""
        manuals = [text_of(passage) for passage in read_manuals(self._vault_dir).passages]
        places = [folder for folder in folders if any((folder / 'memory').glob('*.md'))]
        if not places and not manuals:
            self.due = False
            return
        try:
            self._book = self._book or self._opened()
            self.due = self._book is not None and AT_ONCE in (
                learn(self._book, places, AT_ONCE),
                self._book.learn(manuals, AT_ONCE),
            )
        except VaultError as error:
            self._book, self.due, self.fault = None, False, str(error)

    def told(self, folders: Iterable[Path], text: str, most: int) -> Told:
        """What notes and manuals say to a text: the best of each folder, and of all manuals."""
        book = self._book
        try:
            meant = asked(book, text)
        except VaultError as error:
            self._book, self.fault, meant = None, str(error), None
        notes = [
            note for folder in folders for note in recall(folder, text, most=most, meant=meant)
        ]
        return Told(
            notes=tuple(notes),
            manuals=search(read_manuals(self._vault_dir), text, most=most, meant=meant),
            how=WORDS if meant is None else f'{WORDS} and {meant.book.model_id}',
        )

    def _opened(self) -> VectorBook | None:
        encoder = encoder_of(self._choice)
        return None if encoder is None else VectorBook(self._vault_dir, encoder)
