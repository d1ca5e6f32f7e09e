"""The problems of the benchmark: rungs of the ladder, written once more without PyMC.

Nested samplers ask for a prior as a function of the unit cube, and run fastest on a likelihood in
plain NumPy; Stan has its own language. `test_benchmark_problems.py` holds the forms together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ladder import LADDER
from ladder_cases import M1
from ladder_conjugate import Floats, regression_data
from ladder_constrained import FAILURES, TEST_END, TRIALS, successes
from rung import Rung, columns
from scipy import special, stats

type Values = Mapping[str, Floats]

STAN = Path(__file__).with_name("stan")
RUNGS = {rung.name: rung for rung in LADDER}


@dataclass(frozen=True)
class Problem:
    """A rung in three languages.

    `prior` goes from rows of the unit cube to values of PyMC's variables, one row for each;
    `log_likelihood` from these to one number per row. `stan` names a program in stan/.
    """

    rung: Rung
    prior: Callable[[Floats], Values]
    log_likelihood: Callable[[Values], Floats]
    stan: str
    stan_data: Callable[[], Mapping[str, object]]

    def from_cube(self, cube: Floats) -> Floats:
        """Log likelihood of rows of the unit cube."""
        return self.log_likelihood(self.prior(cube))


def weibull_prior(u: Floats) -> Values:
    return {
        "shape": stats.lognorm.ppf(u[:, 0], 0.5),
        "scale": special.gammaincinv(2.0, u[:, 1]),
    }


def weibull_likelihood(values: Values) -> Floats:
    shape, scale = values["shape"][:, None], values["scale"][:, None]
    log_ratio = np.log(FAILURES) - np.log(scale)
    log_hazard = np.log(shape) - np.log(FAILURES) + shape * log_ratio
    failed = FAILURES < TEST_END
    return (np.where(failed, log_hazard, 0.0) - np.exp(shape * log_ratio)).sum(axis=1)


def weibull_data() -> Mapping[str, object]:
    failed = FAILURES < TEST_END
    return {"times": FAILURES, "failed": failed.astype(int)}


def radiata_prior(u: Floats) -> Values:
    precision = special.gammaincinv(3.0, u[:, 0]) / (2 * 300.0**2)
    level = 3000.0 + special.ndtri(u[:, 1]) / np.sqrt(0.06 * precision)
    slope = 185.0 + special.ndtri(u[:, 2]) / np.sqrt(6.0 * precision)
    return {"precision": precision, "level": level, "slope": slope}


def radiata_columns() -> tuple[Floats, Floats]:
    data = columns("radiata_pine.csv")
    x = data["resin_adjusted_density_z"]
    return x - x.mean(), data["strength_y"]


def radiata_likelihood(values: Values) -> Floats:
    x, y = radiata_columns()
    precision = values["precision"]
    misfit = y - values["level"][:, None] - values["slope"][:, None] * x
    log_constant = 0.5 * len(y) * np.log(precision / (2.0 * np.pi))
    return log_constant - 0.5 * precision * (misfit**2).sum(axis=1)


def radiata_data() -> Mapping[str, object]:
    x, y = radiata_columns()
    return {"x": x, "y": y}


def pima_columns() -> tuple[Floats, Floats]:
    data = columns("pima_indian_standardised.csv")
    design = np.column_stack([np.ones(len(data["np"])), *(data[name] for name in M1)])
    return design, data["diabetes"]


def pima_likelihood(values: Values) -> Floats:
    x, y = pima_columns()
    logit = values["slopes"] @ x.T
    return logit @ y - np.logaddexp(0.0, logit).sum(axis=1)


def pima_data() -> Mapping[str, object]:
    x, y = pima_columns()
    return {"x": x, "y": y.astype(int)}


def schools_prior(u: Floats) -> Values:
    return {
        "mean": 5.0 * special.ndtri(u[:, 0]),
        "spread": 5.0 * np.tan(0.5 * np.pi * u[:, 1]),
        "offset": special.ndtri(u[:, 2:]),
    }


def schools_likelihood(values: Values) -> Floats:
    data = columns("eight_schools.csv")
    effect = values["mean"][:, None] + values["spread"][:, None] * values["offset"]
    return stats.norm.logpdf(data["effect_y"], effect, data["std_error_sigma"]).sum(axis=1)


def schools_data() -> Mapping[str, object]:
    data = columns("eight_schools.csv")
    return {"y": data["effect_y"], "sigma": data["std_error_sigma"]}


SLOPES, ROWS = 19, 50


def regression_prior(u: Floats) -> Values:
    variance = 1.0 / special.gammaincinv(3.0, 1.0 - u[:, 0])
    slopes = np.sqrt(2.0 * variance)[:, None] * special.ndtri(u[:, 1:])
    return {"variance": variance, "slopes": slopes}


def regression_likelihood(values: Values) -> Floats:
    x, y = regression_data(SLOPES, ROWS)
    variance = values["variance"]
    misfit = y - values["slopes"] @ x.T
    log_constant = -0.5 * len(y) * np.log(2.0 * np.pi * variance)
    return log_constant - 0.5 * (misfit**2).sum(axis=1) / variance


def regression_stan_data() -> Mapping[str, object]:
    x, y = regression_data(SLOPES, ROWS)
    return {"x": x, "y": y}


def groups_prior(u: Floats) -> Values:
    return {
        "mean": 1.5 * special.ndtri(u[:, 0]),
        "spread": special.ndtri(0.5 + 0.5 * u[:, 1]),
        "offset": special.ndtri(u[:, 2:]),
    }


def groups_likelihood(values: Values) -> Floats:
    y = successes()
    logit = values["mean"][:, None] + values["spread"][:, None] * values["offset"]
    log_orders = np.log(special.comb(TRIALS, y))
    return (log_orders + y * logit - TRIALS * np.logaddexp(0.0, logit)).sum(axis=1)


def groups_data() -> Mapping[str, object]:
    return {"y": successes().astype(int), "trials": TRIALS}


PROBLEMS = (
    Problem(RUNGS["censored Weibull"], weibull_prior, weibull_likelihood, "weibull", weibull_data),
    Problem(
        RUNGS["radiata pine, adjusted density"], radiata_prior, radiata_likelihood, "radiata",
        radiata_data,
    ),
    Problem(
        RUNGS["Pima diabetes, 5 slopes"], lambda u: {"slopes": 10.0 * special.ndtri(u)},
        pima_likelihood, "pima", pima_data,
    ),
    Problem(RUNGS["eight schools"], schools_prior, schools_likelihood, "schools", schools_data),
    Problem(
        RUNGS["regression, 19 slopes"], regression_prior, regression_likelihood, "regression",
        regression_stan_data,
    ),
    Problem(RUNGS["group intercepts"], groups_prior, groups_likelihood, "groups", groups_data),
)  # fmt: skip
