# SPDX-License-Identifier: Apache-2.0
"""What holds for all tests: no test fails because the machine is busy or a process was killed."""

from hypothesis import settings

from swarm_config.sockets import use_sockets

use_sockets()
settings.register_profile('project', deadline=None, derandomize=True)
settings.register_profile('search', deadline=None, print_blob=True)
settings.load_profile('project')
