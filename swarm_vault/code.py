# SPDX-License-Identifier: Apache-2.0
"""Which code decided: so that a divergence can name both versions."""

import hashlib
import platform
import sys
from pathlib import Path
from typing import Any

from swarm_vault.core import Core


def code_version(core: Core[Any, Any, Any, Any]) -> dict[str, str]:
    """Name the core's code by the digest of its sources, the Python and the NumPy in use.

    The digest covers the whole `core` folder or package that defines `decide`, or its one module.
    """
    numpy = sys.modules.get('numpy')
    return {
        'source': _source_digest(core.decide.__module__),
        'python': platform.python_version(),
        'numpy': str(getattr(numpy, '__version__', '')),
    }


def _source_digest(module_name: str) -> str:
    file = getattr(sys.modules.get(module_name), '__file__', None)
    if file is None:
        return ''
    path = Path(file)
    in_core = path.name == '__init__.py' or path.parent.name == 'core'
    sources = sorted(path.parent.rglob('*.py')) if in_core else [path]
    digest = hashlib.sha256()
    for source in sources:
        name = source.relative_to(path.parent).as_posix()
        digest.update(name.encode() + b'\0' + source.read_bytes() + b'\0')
    return digest.hexdigest()[:16]
