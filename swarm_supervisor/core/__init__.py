# SPDX-License-Identifier: Apache-2.0
"""The pure decisions of the supervisor: no clock, no I/O, no chance."""
