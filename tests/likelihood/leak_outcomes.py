"""Probabilities of what can happen to two assets, by integrating a density of their records."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from bayes_leaks.record import LeakHistory

NODES = 9


def gauss(low: float, high: float) -> list[tuple[float, float]]:
    """Nodes and weights of Gauss-Legendre quadrature."""
    node, weight = np.polynomial.legendre.leggauss(NODES)
    nodes, weights = low + (high - low) * (node + 1) / 2, (high - low) * weight / 2
    return list(zip(nodes.tolist(), weights.tolist(), strict=True))


def outcome_probabilities(
    fleet: LeakHistory, density: Callable[[LeakHistory], float]
) -> np.ndarray:
    """Integrate a density over the leak times of two assets, between all of its kinks.

    Returns the probabilities that none leaks, only the first, only the second, and both.
    """
    cuts = np.unique([*fleet.start, *fleet.end])
    pieces = [
        list(pairwise(cuts[(cuts >= low) & (cuts <= high)].tolist()))
        for low, high in zip(fleet.start, fleet.end, strict=True)
    ]

    def at(first: float, second: float) -> float:
        return density(fleet.with_leak_times([first, second]))

    none = at(np.inf, np.inf)
    only_first = sum(w * at(t, np.inf) for piece in pieces[0] for t, w in gauss(*piece))
    only_second = sum(w * at(np.inf, t) for piece in pieces[1] for t, w in gauss(*piece))
    both = 0.0
    for first in pieces[0]:
        for t, w in gauss(*first):
            for second in pieces[1]:
                # Over the same piece the density has a kink where both leak at once.
                edges = (second[0], t, second[1]) if first == second else second
                for part in pairwise(edges):
                    both += w * sum(v * at(t, s) for s, v in gauss(*part))
    return np.array([none, only_first, only_second, both])
