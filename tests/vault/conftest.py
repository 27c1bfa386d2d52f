# SPDX-License-Identifier: Apache-2.0
"""Property tests must not fail because the machine is busy."""

from hypothesis import settings

settings.register_profile('unhurried', deadline=None)
settings.load_profile('unhurried')
