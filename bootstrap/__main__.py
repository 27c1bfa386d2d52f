# SPDX-License-Identifier: Apache-2.0
"""Hand over to `bootstrap.dispatch` under a Python that is new enough.

This file alone must be readable by any Python 3.
"""

import os
import shutil
import sys

OLDEST = (3, 10)
NEWER = ('python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10')


def main() -> int:
    """Dispatch the command line; look for a newer Python first where this one is too old."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    if sys.version_info < OLDEST:
        for found in filter(None, map(shutil.which, NEWER)):
            os.execv(found, [found, '-I', here, *sys.argv[1:]])  # noqa: S606
        sys.exit(
            'swarm: Python 3.10 or newer is needed, this is '
            + sys.version.split()[0]
            + '; install one (Debian 12, Ubuntu 22.04 or later: sudo apt install python3 '
            + 'python3-venv) and start again.'
        )
    sys.path.insert(0, os.path.dirname(here))  # noqa: PTH120
    from bootstrap.dispatch import dispatch

    return dispatch(sys.argv[1:], dict(os.environ))


if __name__ == '__main__':
    sys.exit(main())
