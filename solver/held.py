"""What placements hold, row by row and slot by slot. Compiles nothing: whoever only explains a clearing starts sooner."""

from __future__ import annotations

import numpy as np

from solver.problem import Int32Array, Int64Array


def held(
    amount: Int64Array,
    row: Int32Array | Int64Array,
    start: Int64Array,
    end: Int64Array,
    shape: tuple[int, ...],
) -> Int64Array:
    """Sum of the amounts that are held in every (row, slot), each from its start until its end."""
    change = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)
    np.add.at(change, (row, start), amount)
    np.subtract.at(change, (row, end), amount)
    running: Int64Array = np.cumsum(change, axis=1)[:, : shape[1]]
    return running
