"""One estimate and its cost."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from problems import Problem


@dataclass(frozen=True)
class Run:
    """A log evidence, the error stated for it, wall time without compiling, and evaluations.

    `seconds` counts sampling where a method needs draws. `evaluations` counts log densities, and
    gradients of them as one each.
    """

    log_ml: float
    mcse: float
    seconds: float
    evaluations: int


type Method = Callable[[Problem, int], Iterator[Run]]


@dataclass
class Counted:
    """A vectorised function that counts the points it was asked for."""

    function: Callable[[np.ndarray], np.ndarray]
    calls: int = 0

    def __call__(self, points: np.ndarray) -> np.ndarray:
        self.calls += len(points)
        return self.function(points)
