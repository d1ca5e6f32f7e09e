"""A model whose evidence is known."""

from collections.abc import Callable, Mapping
from csv import DictReader
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pymc as pm

DATA = Path(__file__).with_name("data")


@dataclass(frozen=True)
class Rung:
    """A model, its exact log evidence in nats, and how well that is known.

    `quick` rungs run always, the others with ``--slow``. `hard` ones have several modes or a shape
    that NUTS does not get around in 4 x 1000 draws: they may be refused or have a larger standard
    error than the others, but not be wrong. `options` go to `log_evidence`.
    """

    name: str
    dimension: int
    build: Callable[[], pm.Model]
    exact: Callable[[], float]
    uncertainty: float = 0.0
    quick: bool = False
    hard: bool = False
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def error_bar(self) -> float:
        """Allowed distance from the exact value, in nats."""
        by_dimension = 0.01 if self.dimension <= 22 else 0.03
        allowed = 0.05 if self.name.startswith("galaxies") else by_dimension
        return allowed + self.uncertainty

    @property
    def mcse_bar(self) -> float:
        """Allowed standard error, in nats."""
        return 0.005 if self.dimension <= 20 else 0.015


def rows(file: str) -> list[dict[str, str]]:
    """Lines of a data file by the names of its columns."""
    with (DATA / file).open(encoding="utf-8", newline="") as lines:
        return list(DictReader(lines))


def columns(file: str) -> dict[str, np.ndarray]:
    """Columns of numbers of a data file."""
    table = rows(file)
    numbers = {}
    for name in table[0]:
        try:
            numbers[name] = np.array([float(row[name]) for row in table])
        except ValueError:
            continue
    return numbers


def reference(case: str, model: str) -> Callable[[], float]:
    """Look up a recomputed value when it is asked for; the model by how its name begins."""

    def value() -> float:
        found = [
            row
            for row in rows("reference_values.csv")
            if row["case"] == case and row["model"].startswith(model)
        ]
        assert len(found) == 1, (case, model, len(found))
        return float(found[0]["log_marginal_likelihood"])

    return value
