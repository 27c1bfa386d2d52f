# SPDX-License-Identifier: Apache-2.0
"""`python -m swarm_supervisor.cli`."""

import sys

from swarm_supervisor.cli.app import main

sys.exit(main())
