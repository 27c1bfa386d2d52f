# SPDX-License-Identifier: Apache-2.0
"""Playbooks in YAML, and how far one is: both are files, so that a restart goes on."""

import json
from dataclasses import asdict
from pathlib import Path

from pydantic import BaseModel, Field, model_validator

from swarm_config.errors import ConfigError
from swarm_config.fleets import Identifier
from swarm_config.validation import STRICT, read_model
from swarm_supervisor.core.playbooks import Progress, Stage, StageState
from swarm_vault.files import write_atomic


class StageFile(BaseModel):
    """A stage as written in YAML."""

    model_config = STRICT

    name: Identifier
    order: str = Field(default='', max_length=500)
    gate: str = Field(default='', max_length=500)
    timeout_s: float = Field(default=1800.0, gt=0.0)
    retries: int = Field(default=0, ge=0, le=2)
    on_done: str = ''
    on_failed: str = ''

    @model_validator(mode='after')
    def _one_kind(self) -> 'StageFile':
        if bool(self.order) == bool(self.gate):
            raise ValueError(f'stage {self.name}: expected an order or a gate')
        return self


class PlaybookFile(BaseModel):
    """A playbook as written in config/playbooks/*.yaml."""

    model_config = STRICT

    playbook: str = Field(min_length=1, max_length=120)
    stages: tuple[StageFile, ...] = Field(min_length=1, max_length=50)

    @model_validator(mode='after')
    def _linked(self) -> 'PlaybookFile':
        names = [stage.name for stage in self.stages]
        if len(set(names)) < len(names):
            raise ValueError('stage names must differ')
        for stage in self.stages:
            for after in (stage.on_done, stage.on_failed):
                if after and after not in names:
                    raise ValueError(f'stage {stage.name}: there is no stage {after!r}')
        return self


def load_playbook(path: Path) -> tuple[Stage, ...]:
    """Read a playbook.

    Raises:
        ConfigError: It is missing or malformed.
    """
    return tuple(Stage(**stage.model_dump()) for stage in read_model(path, PlaybookFile).stages)


def load_progress(path: Path, stages: tuple[Stage, ...]) -> Progress:
    """How far a playbook is; at its beginning if it never ran.

    Raises:
        ConfigError: The file is there and cannot be read.
    """
    if not path.exists():
        return Progress(stage=stages[0].name)
    try:
        held = json.loads(path.read_text(encoding='utf-8'))
        return Progress(**{**held, 'state': StageState(held['state'])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(f'{path}: cannot be read ({error}); remove it to begin anew') from error


def save_progress(path: Path, progress: Progress) -> None:
    """Write down how far it is; the old or the new after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = {**asdict(progress), 'state': progress.state.value}
    write_atomic(path, json.dumps(held, indent=1).encode('utf-8'))
