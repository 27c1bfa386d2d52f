# SPDX-License-Identifier: Apache-2.0
"""Errors of the vault: one sentence each. What can be judged is a verdict, not an error."""


class VaultError(RuntimeError):
    """The vault cannot do what was asked; the message says what, where and what to do.

    A recorder that raised it once because of the disk raises it for ever: it is fail-stop.
    """
