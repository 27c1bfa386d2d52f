# SPDX-License-Identifier: Apache-2.0
"""Figures of the reflex, each beside a control measured in the same run: `swarm bench reflex`."""
