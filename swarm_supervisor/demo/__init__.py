# SPDX-License-Identifier: Apache-2.0
"""The main job, run by itself from the order to the audit: `swarm demo`."""
