# SPDX-License-Identifier: Apache-2.0
"""One robot of the traffic bench: where it wants to go next on its board."""

from collections import deque

import numpy as np

from swarm_agent.planner.core.sweep import crew
from swarm_agent.planner.core.sweep.board import Board
from swarm_agent.planner.core.sweep.travel import Route

_FAR = 10**9


class Walker:
    """Follows its route over what is not yet swept, then goes home."""

    def __init__(self, board: Board, params: crew.Params, route: Route) -> None:
        self._board, self._params = board, params
        self._state = crew.CORE.initial(params)
        self._ahead = list(route[1:])
        self._beside: list[list[int]] = board.beside.tolist()
        self._flat = board.places[:, 0] * params.cols + board.places[:, 1]
        self._done = np.zeros(board.size, dtype=bool)
        self._fields: dict[tuple[int, frozenset[int]], list[int]] = {}
        self._todo = np.zeros(board.size, dtype=bool)
        self.name, self.home, self.at, self.waited = params.agent_id, route[0], route[0], 0

    @property
    def rank(self) -> float:
        """Who sweeps goes before who goes home, who is home last; then by waiting."""
        if self._ahead:
            return 1e6 + self.waited
        return -1.0 if self.at == self.home else float(self.waited)

    def think(
        self,
        now_ns: int,
        at: int,
        heard: tuple[crew.News, ...],
        alive: tuple[str, ...],
        bodies: set[int],
    ) -> crew.Outputs:
        """Take in where it is and what it heard; what its core says of that."""
        self.waited = 0 if not self._done[at] else self.waited + 1
        self.at, self._done[at] = at, True
        self._state, outputs = crew.decide(
            self._state,
            crew.Inputs(
                now_ns=now_ns,
                cell=int(self._flat[at]),
                load=self._load(),
                done=self._packed(self._done),
                news=heard,
                alive=alive,
            ),
            self._params,
        )
        self._todo = self._unpacked(outputs.todo)
        self._insert([int(np.searchsorted(self._flat, cell)) for cell in outputs.taken], bodies)
        while self._ahead and not self._wanted(self._ahead[0], bodies):
            self._ahead.pop(0)
        return outputs

    def _load(self) -> float:
        """Steps until home, walls between cells that are not beside each other left out."""
        stops = self._board.places[[self.at, *self._ahead, self.home]]
        return float(np.abs(np.diff(stops, axis=0)).sum())

    def _insert(self, cells: list[int], bodies: set[int]) -> None:
        """Take cells up where its way is nearest to the first of them."""
        if not cells:
            return
        away = self._field(cells[0], bodies)
        way = [self.at, *self._ahead]
        place = min(range(len(way)), key=lambda number: away[way[number]])
        self._ahead[place:place] = cells

    def _wanted(self, cell: int, bodies: set[int]) -> bool:
        return bool(self._todo[cell]) and self._field(cell, bodies)[self.at] < _FAR

    def wishes(self, bodies: set[int], peers: set[int]) -> list[int]:
        """Its neighbours and its own cell, the nearest to where it wants to go first.

        Among equally near ones a cell on which no peer stands comes first: who pushes without need
        pushes for ever.
        """
        goal = self._ahead[0] if self._ahead else self.home
        away = self._field(goal, bodies)
        around = [cell for cell in self._beside[self.at] if cell >= 0 and cell not in bodies]
        return sorted(
            [*around, self.at],
            key=lambda cell: (away[cell], cell in peers, not self._todo[cell], cell != self.at),
        )

    def _field(self, goal: int, bodies: set[int]) -> list[int]:
        """Steps from every cell to a goal around the bodies."""
        key = (goal, frozenset(bodies))
        if key not in self._fields:
            if len(self._fields) > 50:
                self._fields.clear()
            self._fields[key] = self._search(goal, bodies)
        return self._fields[key]

    def _search(self, goal: int, bodies: set[int]) -> list[int]:
        away = [_FAR] * self._board.size
        if goal in bodies:
            return away
        away[goal] = 0
        todo = deque([goal])
        while todo:
            cell = todo.popleft()
            for near in self._beside[cell]:
                if near >= 0 and away[near] == _FAR and near not in bodies:
                    away[near] = away[cell] + 1
                    todo.append(near)
        return away

    def _packed(self, cells: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> bytes:
        mask = np.zeros(self._params.rows * self._params.cols, dtype=bool)
        mask[self._flat[cells]] = True
        return np.packbits(mask).tobytes()

    def _unpacked(self, bits: bytes) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        flat = np.unpackbits(np.frombuffer(bits, dtype=np.uint8))
        return flat[self._flat].astype(bool)
