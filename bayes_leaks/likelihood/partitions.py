"""Sums over the set partitions of a group of events, by subset recursion."""

from itertools import combinations

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_leaks.likelihood.groups import EventGroups


def empty_table(groups: EventGroups) -> np.ndarray:
    """Table of the weights of all sets of events, before any is known.

    Parameters
    ----------
    groups : EventGroups

    Returns
    -------
    ndarray, shape (n_groups, 2**size)
        -inf, but 0 for single events that a smaller group does not have: these are then neutral.
    """
    table = np.full((len(groups.events), 1 << groups.size), -np.inf)
    for row, events in zip(table, groups.events, strict=True):
        row[[1 << bit for bit in range(len(events), groups.size)]] = 0.0
    return table


def log_partition_sums(log_block: TensorVariable, size: int) -> TensorVariable:
    r"""Log of the sum over the set partitions of every subset of events.

    With :math:`Z(\emptyset) = 1`, :math:`Z(S) = \sum_{B \subseteq S,\ \min S \in B} C(B) Z(S
    \setminus B)`: all terms are non-negative, so nothing cancels. Subsets of equal size are
    computed at once, so the graph has `size` steps.

    Parameters
    ----------
    log_block : tensor, shape (n_groups, 2**size)
        Log weight of each block; a column per subset, bit b set for event b.
    size : int
        Number of events a group can hold.

    Returns
    -------
    tensor, shape (n_groups, 2**size)
        Log Z of every subset, in the same column order.
    """
    position = {0: 0}
    log_z = pt.zeros_like(log_block[:, :1])
    for level in range(1, size + 1):
        sets = [sum(1 << bit for bit in bits) for bits in combinations(range(size), level)]
        blocks = np.array([_blocks_with_lowest_bit(subset) for subset in sets])
        rest = np.array([[position[subset ^ b] for b in row] for subset, row in zip(sets, blocks, strict=True)])
        log_terms = log_block[:, blocks] + log_z[:, rest]
        log_sum = log_terms[:, :, 0] if level == 1 else pt.logsumexp(log_terms, axis=-1)
        position |= {subset: len(position) + i for i, subset in enumerate(sets)}
        log_z = pt.concatenate([log_z, log_sum], axis=1)
    return log_z[:, np.array([position[subset] for subset in range(1 << size)])]


def _blocks_with_lowest_bit(subset: int) -> list[int]:
    """Subsets of `subset` that hold its lowest bit, as masks."""
    lowest = subset & -subset
    others = subset ^ lowest
    blocks, part = [], others
    while True:
        blocks.append(part | lowest)
        if part == 0:
            return blocks
        part = (part - 1) & others
