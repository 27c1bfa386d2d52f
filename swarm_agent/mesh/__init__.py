# SPDX-License-Identifier: Apache-2.0
"""The horizontal plane: robots settle right of way, hazards and liveliness among themselves."""
