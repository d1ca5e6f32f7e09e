"""Sums over the set partitions of a group of events, by subset recursion."""

from itertools import combinations

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

# Groups of up to this many events are summed column by column: the graph has 3**size / 2 terms,
# but they fuse into one loop. Larger groups are summed level by level, by indexing.
MAX_COLUMNS = 2


def partition_sums(block: TensorVariable, size: int) -> TensorVariable:
    r"""Sum over the set partitions of every subset of events.

    With :math:`Z(\emptyset) = 1`, :math:`Z(S) = \sum_{B \subseteq S,\ \min S \in B} C(B) Z(S
    \setminus B)`: all terms are non-negative, so nothing cancels.

    Parameters
    ----------
    block : tensor, shape (n_groups, 2**size)
        Weight C(B) of each block; a column per subset, bit b set for event b.
    size : int
        Number of events a group can hold.

    Returns
    -------
    tensor, shape (n_groups, 2**size)
        Z of every subset, in the same column order.
    """
    if size <= MAX_COLUMNS:
        return _by_column(block, size)
    return _by_level(block, size)


def _by_column(block: TensorVariable, size: int) -> TensorVariable:
    columns = [block[:, subset] for subset in range(1 << size)]
    sums = [pt.ones_like(columns[0])]
    for subset in range(1, 1 << size):
        sums.append(sum(columns[b] * sums[subset ^ b] for b in blocks_with_lowest_bit(subset)))
    return pt.stack(sums, axis=1)


def _by_level(block: TensorVariable, size: int) -> TensorVariable:
    position = {0: 0}
    sums = pt.ones_like(block[:, :1])
    for level in range(1, size + 1):
        sets = [sum(1 << bit for bit in bits) for bits in combinations(range(size), level)]
        blocks = np.array([blocks_with_lowest_bit(subset) for subset in sets])
        rest = np.array(
            [[position[s ^ b] for b in row] for s, row in zip(sets, blocks, strict=True)]
        )
        position |= {subset: len(position) + i for i, subset in enumerate(sets)}
        sums = pt.concatenate([sums, (block[:, blocks] * sums[:, rest]).sum(axis=-1)], axis=1)
    return sums[:, np.array([position[subset] for subset in range(1 << size)])]


def blocks_with_lowest_bit(subset: int) -> list[int]:
    """Subsets of `subset` that hold its lowest bit, as masks."""
    lowest = subset & -subset
    others = subset ^ lowest
    blocks, part = [], others
    while True:
        blocks.append(part | lowest)
        if part == 0:
            return blocks
        part = (part - 1) & others
