# SPDX-License-Identifier: Apache-2.0
"""Heads of other machines' logs: whether a newer one continues what was countersigned."""
