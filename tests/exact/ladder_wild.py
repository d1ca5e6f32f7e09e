"""Shapes of the nested sampling literature: many modes, thin shells, funnels, growing boxes.

NUTS gets around few of them. The rule is that of the traps: right or refused.
"""

import math
from functools import partial

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from ladder_shapes import LIKELIHOOD, box
from rung import Rung
from scipy import integrate, stats
from scipy.special import gammaln

type Tensor = pt.TensorVariable

SHELL_RADIUS, SHELL_WIDTH, SHELL_CENTRE = 2.0, 0.1, 3.5


def shells(dimension: int) -> pm.Model:
    """Two thin shells around centres on the first axis."""

    def log_density(x: Tensor) -> Tensor:
        offset = np.zeros(dimension)
        offset[0] = SHELL_CENTRE
        parts = [
            -0.5 * ((pt.sqrt(((x - sign * offset) ** 2).sum()) - SHELL_RADIUS) / SHELL_WIDTH) ** 2
            for sign in (-1.0, 1.0)
        ]
        return pt.logaddexp(*parts) - math.log(SHELL_WIDTH * math.sqrt(2.0 * math.pi))

    return box(dimension, 6.0, log_density)


def shells_exact(dimension: int) -> float:
    def radial(r: float) -> float:
        return r ** (dimension - 1) * stats.norm.pdf(r, SHELL_RADIUS, SHELL_WIDTH)

    inside = integrate.quad(radial, 1.0, 3.0, epsabs=0, points=[SHELL_RADIUS])[0]
    sphere = math.log(2.0) + 0.5 * dimension * math.log(math.pi) - gammaln(0.5 * dimension)
    return float(math.log(2.0 * inside) + sphere - dimension * math.log(12.0))


def egg_box() -> pm.Model:
    with pm.Model() as model:
        x = pm.Uniform("x", 0.0, 10.0 * math.pi, shape=2)
        pm.Potential("shape", (2.0 + pt.cos(x[0] / 2.0) * pt.cos(x[1] / 2.0)) ** 5)
    return model


def egg_box_exact() -> float:
    at = 10.0 * math.pi * (np.arange(2000) + 0.5) / 2000
    height = (2.0 + np.multiply.outer(np.cos(at / 2.0), np.cos(at / 2.0))) ** 5
    return float(np.log(np.mean(np.exp(height - 243.0))) + 243.0)


def rastrigin(dimension: int, half_width: float) -> pm.Model:
    def log_density(x: Tensor) -> Tensor:
        return -(10.0 + x**2 - 10.0 * pt.cos(2.0 * math.pi * x)).sum()

    return box(dimension, half_width, log_density)


def rastrigin_exact(dimension: int, half_width: float) -> float:
    def density(x: float) -> float:
        return math.exp(-(10.0 + x**2 - 10.0 * math.cos(2.0 * math.pi * x)))

    inside = integrate.quad(density, -half_width, half_width, epsabs=0, limit=500)[0]
    return dimension * math.log(inside / (2.0 * half_width))


def separated_modes() -> pm.Model:
    def log_density(x: Tensor) -> Tensor:
        parts = [
            math.log(share) - 0.5 * ((x - at) ** 2).sum() / 0.04
            for share, at in ((0.3, 5.0), (0.7, -5.0))
        ]
        return pt.logaddexp(*parts)

    return box(4, 10.0, log_density)


def separated_modes_exact() -> float:
    return 4.0 * math.log(0.2 * math.sqrt(2.0 * math.pi) / 20.0)


def funnel(dimension: int) -> pm.Model:
    with pm.Model() as model:
        v = pm.Normal("v", 0, 3)
        x = pm.Normal("x", 0, pm.math.exp(v / 2), shape=dimension - 1)
        pm.Normal("y", x, 1, observed=np.zeros(dimension - 1))
    return model


def funnel_exact(dimension: int) -> float:
    def density(v: float) -> float:
        at_zero = -0.5 * (dimension - 1) * np.log(2.0 * math.pi * (1.0 + math.exp(v)))
        return float(stats.norm.pdf(v, 0, 3) * np.exp(at_zero))

    return math.log(integrate.quad(density, -60, 60, epsabs=0, limit=200)[0])


def normal_in_box(dimension: int) -> pm.Model:
    return box(dimension, 1, lambda x: -0.5 * (x**2).sum() / 0.01)


def normal_in_box_exact(dimension: int) -> float:
    return dimension * math.log(0.1 * math.sqrt(2 * math.pi) * math.erf(10 / math.sqrt(2)) / 2)


def hard(name: str, dimension: int, build: object, exact: object, **options: object) -> Rung:
    return Rung(name, dimension, build, exact, hard=True, options=options)


RUNGS = (
    *(
        Rung(
            f"normal in a box, {d} dimensions", d, partial(normal_in_box, d),
            partial(normal_in_box_exact, d), options=LIKELIHOOD,
        )
        for d in (2, 5, 20, 30)
    ),
    *(
        hard(
            f"two shells, {d} dimensions", d, partial(shells, d), partial(shells_exact, d),
            **LIKELIHOOD,
        )
        for d in (2, 5, 10, 20, 30)
    ),
    *(
        hard(f"funnel, {d} dimensions", d, partial(funnel, d), partial(funnel_exact, d))
        for d in (6, 10)
    ),
    hard("egg box", 2, egg_box, egg_box_exact, **LIKELIHOOD),
    *(
        hard(
            f"Rastrigin, {d} dimensions", d, partial(rastrigin, d, half_width),
            partial(rastrigin_exact, d, half_width), **LIKELIHOOD,
        )
        for d, half_width in ((2, 6.0), (10, 5.12))
    ),
    hard("two separated normals", 4, separated_modes, separated_modes_exact, **LIKELIHOOD),
)  # fmt: skip
