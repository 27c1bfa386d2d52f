# SPDX-License-Identifier: Apache-2.0
"""Situation assessment at 10 Hz: where am I, what is around me, how do I move; see core."""
