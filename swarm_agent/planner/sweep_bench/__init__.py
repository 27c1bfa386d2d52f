# SPDX-License-Identifier: Apache-2.0
"""`swarm bench coverage`: sweep plans against their rivals, and sweeps in traffic with a loss."""
