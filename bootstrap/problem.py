# SPDX-License-Identifier: Apache-2.0
"""What stops a set-up, as one sentence for the user."""


class SetupError(Exception):
    """The set-up cannot go on; the message says what is wrong and what to do."""
