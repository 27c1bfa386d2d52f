# SPDX-License-Identifier: Apache-2.0
"""Errors of the configuration: one sentence that names file, field and expectation."""


class ConfigError(ValueError):
    """A file cannot be used; the message says which field, what was expected and what to do."""
