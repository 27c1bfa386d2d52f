# SPDX-License-Identifier: Apache-2.0
"""The reflex: what reaches the motors, 100 times a second: the command, or less, or nothing."""
