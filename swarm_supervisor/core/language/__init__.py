# SPDX-License-Identifier: Apache-2.0
"""Orders in plain English, read by written rules: the same words give the same order. Pure."""
