# SPDX-License-Identifier: Apache-2.0
"""The collision monitor node: reads Nav2's parameter file, runs on its own clock."""
