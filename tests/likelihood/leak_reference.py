"""Slow densities of leak histories, written from the formulas and not from the package's code.

Shocks by adaptive quadrature over their time and explicit set partitions, batches by Gauss-Jacobi
quadrature over their share of defective assets, periods by general matrix exponentials, competing
causes by listing every set of leaks that defects could have caused.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.linalg import expm
from scipy.special import roots_jacobi

from bayes_leaks.record import LeakHistory


def set_partitions(items: Sequence[int]) -> Iterator[list[tuple[int, ...]]]:
    """All ways to split items into non-empty blocks."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for size in range(len(rest) + 1):
        for mates in combinations(rest, size):
            others = [item for item in rest if item not in mates]
            for partition in set_partitions(others):
                yield [(first, *mates), *partition]


class Fleet:
    """The arrays of a history under the names of the formulas."""

    def __init__(self, history: LeakHistory) -> None:
        self.a = np.asarray(history.start)
        self.b = np.asarray(history.end)
        self.w = np.asarray(history.weight)
        self.g = np.array(history.batch)
        self.t = {
            int(i): float(t) for i, t in zip(history.event_asset, history.event_time, strict=True)
        }
        self.c = np.array([self.t.get(i, b) for i, b in enumerate(self.b)])
        self.length = self.b - self.a
        self.total = float(self.w @ self.length)
        self.at_risk = float(self.w @ (self.c - self.a))


def log_random(fleet: Fleet, leak_rate: float) -> float:
    return sum(math.log(leak_rate * fleet.w[i]) for i in fleet.t) - leak_rate * fleet.at_risk


class Batches:
    """Expectations over the share of defective assets of each batch."""

    def __init__(
        self, fleet: Fleet, rate: float, shape: float, scale: float, correlation: float
    ) -> None:
        self.mean = rate * fleet.total / sum(1 - np.exp(-((fleet.length / scale) ** shape)))
        self.strength = 1 / correlation - 1
        self.fleet = fleet
        age = (fleet.c - fleet.a) / scale
        self.survival = np.exp(-(age**shape))
        self.density = shape / scale * age ** (shape - 1) * self.survival

    def expectation(self, x: np.ndarray, y: np.ndarray) -> float:
        """Product over batches of E of the product of x (1 - p) + y p."""
        if self.mean == 0:
            return float(np.prod(x))
        alpha, beta = self.mean * self.strength, (1 - self.mean) * self.strength
        node, weight = roots_jacobi(len(x) // 2 + 1, beta - 1, alpha - 1)
        p = (node + 1) / 2
        weight = weight / weight.sum()
        result = 1.0
        for name in set(self.fleet.g):
            own = self.fleet.g == name
            product = np.prod(x[own] * (1 - p[:, None]) + y[own] * p[:, None], axis=1)
            result *= float(weight @ product)
        return result


def log_defect(
    fleet: Fleet,
    leak_rate: float,
    defect_share: float,
    weibull_shape: float,
    weibull_scale: float,
    batch_correlation: float,
) -> float:
    m = (1 - defect_share) * leak_rate
    defects = Batches(
        fleet, defect_share * leak_rate, weibull_shape, weibull_scale, batch_correlation
    )
    if defects.mean >= 1:
        return -math.inf
    x, y = np.ones(len(fleet.a)), defects.survival.copy()
    for i in fleet.t:
        x[i] = m * fleet.w[i]
        y[i] = m * fleet.w[i] * defects.survival[i] + defects.density[i]
    return math.log(defects.expectation(x, y)) - m * fleet.at_risk


class Shocks:
    """Integrals over the time of a shock, by adaptive quadrature between its kinks."""

    def __init__(self, fleet: Fleet, rate: float, hit: float, latency: float) -> None:
        self.fleet, self.hit, self.latency = fleet, hit, latency
        # Years of calendar in which a shock that marks the asset makes it leak in time.
        effective = 0.0
        for length in fleet.length:
            knee = min(length, 40 * latency)
            for edges in ((0, knee), (knee, length)):
                effective += quad(lambda s: -math.expm1(-s / latency), *edges, epsrel=1e-12)[0]
        self.rate = rate * fleet.total / (hit * effective)
        self.cuts = np.unique(np.concatenate([fleet.a, fleet.c]))
        self._block: dict[tuple[int, ...], float] = {}

    def spared(self, u: float, but: Sequence[int] = ()) -> float:
        """Probability that a shock at u makes no asset leak, those in `but` apart."""
        fleet = self.fleet
        exposed = (fleet.a <= u) & (u < fleet.c)
        exposed[list(but)] = False
        survives = 1 - self.hit + self.hit * np.exp(-(fleet.c[exposed] - u) / self.latency)
        return float(np.prod(survives))

    def integrate(self, integrand: Callable[[float], float], low: float, high: float) -> float:
        # Pieces no longer than a few latencies, so that no peak is missed.
        total = 0.0
        for left, right in pairwise(self.cuts[(self.cuts >= low) & (self.cuts <= high)]):
            edges = np.linspace(left, right, 2 + int((right - left) / (4 * self.latency)))
            for pair in pairwise(edges):
                total += quad(integrand, *pair, epsabs=1e-15, epsrel=1e-11, limit=200)[0]
        return total

    def void(self) -> float:
        integral = self.integrate(lambda u: 1 - self.spared(u), self.cuts[0], self.cuts[-1])
        return self.rate * integral

    def block(self, events: tuple[int, ...]) -> float:
        """Density of one shock making all of `events`."""
        if events not in self._block:
            times = np.array([self.fleet.t[i] for i in events])
            low, high = max(self.fleet.a[i] for i in events), times.min()

            def integrand(u: float) -> float:
                delays = np.exp(-(times - u) / self.latency) * self.hit / self.latency
                return float(np.prod(delays)) * self.spared(u, events)

            value = self.integrate(integrand, low, high) if low < high else 0.0
            self._block[events] = self.rate * value
        return self._block[events]

    def partition_sum(self, events: Sequence[int], background: float) -> float:
        total = 0.0
        for partition in set_partitions(events):
            factors = [
                self.block(block) + (background * self.fleet.w[block[0]] if len(block) == 1 else 0)
                for block in partition
            ]
            total += math.prod(factors)
        return total


def log_shock(
    fleet: Fleet, leak_rate: float, common_share: float, hit_probability: float, latency: float
) -> float:
    background = (1 - common_share) * leak_rate
    shocks = Shocks(fleet, common_share * leak_rate, hit_probability, latency)
    log_sum = math.log(shocks.partition_sum(sorted(fleet.t), background))
    return log_sum - background * fleet.at_risk - shocks.void()


def log_period(
    fleet: Fleet,
    leak_rate: float,
    elevated_fraction: float,
    hazard_ratio: float,
    elevated_duration: float,
) -> float:
    quiet = leak_rate / (1 - elevated_fraction + elevated_fraction * hazard_ratio)
    hazard = np.diag([quiet, hazard_ratio * quiet])
    leave = 1 / elevated_duration
    enter = leave * elevated_fraction / (1 - elevated_fraction)
    switching = np.array([[-enter, enter], [leave, -leave]])
    state = np.array([1 - elevated_fraction, elevated_fraction])
    log_scale = 0.0
    cuts = np.unique(np.concatenate([fleet.a, fleet.c]))
    for left, right in pairwise(cuts):
        at_risk = fleet.w[(fleet.a <= left) & (right <= fleet.c)].sum()
        state = state @ expm((switching - at_risk * hazard) * (right - left))
        for i, t in fleet.t.items():
            if t == right:
                state = state @ hazard * fleet.w[i]
        log_scale += math.log(state.sum())
        state = state / state.sum()
    return log_scale


def log_competing(
    fleet: Fleet,
    leak_rate: float,
    shares: Sequence[float],
    weibull_shape: float,
    weibull_scale: float,
    batch_correlation: float,
    hit_probability: float,
    latency: float,
) -> float:
    random, defect, common = (share * leak_rate for share in shares)
    defects = Batches(fleet, defect, weibull_shape, weibull_scale, batch_correlation)
    if defects.mean >= 1:
        return -math.inf
    shocks = Shocks(fleet, common, hit_probability, latency)
    events = sorted(fleet.t)
    total = 0.0
    for size in range(len(events) + 1):
        for by_defect in combinations(events, size):
            x, y = np.ones(len(fleet.a)), defects.survival.copy()
            x[list(by_defect)] = 0
            y[list(by_defect)] = defects.density[list(by_defect)]
            others = [i for i in events if i not in by_defect]
            total += defects.expectation(x, y) * shocks.partition_sum(others, random)
    return math.log(total) - random * fleet.at_risk - shocks.void()


_DENSITIES: dict[str, Callable[..., float]] = {
    "random": log_random,
    "defect": log_defect,
    "common-shock": log_shock,
    "common-period": log_period,
    "competing": log_competing,
}


def log_density(name: str, history: LeakHistory, values: dict[str, Any]) -> float:
    """Log density of a history under a hypothesis, in nats; times in years."""
    return _DENSITIES[name](Fleet(history), **values)
