# SPDX-License-Identifier: Apache-2.0
"""Ports and domains: free ones only, and other ones for whoever else searches at once."""

import os
import socket
from contextlib import ExitStack

import pytest

from swarm_config import loopback
from swarm_config.errors import ConfigError
from swarm_config.loopback import free_domain, free_row


def test_a_row_of_ports_can_be_opened_whole():
    with ExitStack() as stack:
        base = free_row(3)
        for port in range(base, base + 3):
            stack.enter_context(socket.socket()).bind(('127.0.0.1', port))
        assert free_row(3) not in range(base - 2, base + 3)


@pytest.mark.parametrize('participant', [0, 1, 31])
def test_a_domain_in_use_is_not_given_again(participant: int):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        domain = free_domain()
        taken.bind(('127.0.0.1', 7400 + 250 * domain + 10 + 2 * participant))
        assert free_domain() != domain


def test_two_processes_that_search_at_once_find_different_ones(monkeypatch):
    rows, domains = set(), set()
    for number in (4_000, 4_020, 4_040):
        monkeypatch.setattr(os, 'getpid', lambda number=number: number)
        rows.add(free_row(3))
        domains.add(free_domain())
    assert (len(rows), len(domains)) == (3, 3)


def test_where_nothing_is_free_one_sentence_says_so(monkeypatch):
    monkeypatch.setattr(loopback, '_are_free', lambda *_: False)
    with pytest.raises(ConfigError, match='no 3 free ports in a row'):
        free_row(3)
    with pytest.raises(ConfigError, match='no free ROS domain between 11 and 99'):
        free_domain()
