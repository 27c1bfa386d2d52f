# SPDX-License-Identifier: Apache-2.0
"""What `./swarm` does before anything is installed; the standard library only."""
