# SPDX-License-Identifier: Apache-2.0
"""Read YAML into pydantic models; turn every fault into one sentence."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from swarm_config.errors import ConfigError

M = TypeVar('M', bound=BaseModel)
STRICT = ConfigDict(extra='forbid', frozen=True, allow_inf_nan=False)
"""Unknown fields and numbers that are none are refused."""


def read_model(path: Path, model: type[M]) -> M:
    """Read a YAML file and validate it.

    Raises:
        ConfigError: The file is missing, not YAML or does not fit the model.
    """
    try:
        return model.model_validate(read_yaml(path))
    except ValidationError as error:
        raise ConfigError(f'{path}: {first_fault(error)}') from error


def read_yaml(path: Path) -> Any:
    """Read a YAML file.

    Raises:
        ConfigError: The file is missing, unreadable or not YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f'{path}: cannot be read ({error}); expected a YAML file') from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        place = str(error).replace('\n', ' ')
        raise ConfigError(f'{path}: not YAML ({place}); mend the file') from error


def first_fault(error: ValidationError) -> str:
    """Name the first faulty field, what was expected and what was found."""
    fault = error.errors(include_url=False)[0]
    field = '.'.join(str(part) for part in fault['loc']) or 'file'
    return f'{field}: {fault["msg"]}, found {repr(fault["input"])[:80]}'
