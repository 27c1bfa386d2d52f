# SPDX-License-Identifier: Apache-2.0
"""The laws that robot and supervisor share: `core` decides, the other modules read and keep."""
