# SPDX-License-Identifier: Apache-2.0
"""`swarm bench exams`: the strategist's language and the local model on data of others."""
