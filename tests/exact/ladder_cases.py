"""Models of the literature on real data; values recomputed, see data/README.md."""

from collections.abc import Callable

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from rung import Rung, columns, reference
from scipy.special import gammaln

SHARED = {"shared_improper": ("log_variance",)}
LIKELIHOOD = {"potentials": "likelihood"}


def radiata_pine(covariate: str) -> Callable[[], pm.Model]:
    def build() -> pm.Model:
        data = columns("radiata_pine.csv")
        x = data[covariate] - data[covariate].mean()
        with pm.Model() as model:
            precision = pm.Gamma("precision", 3, 2 * 300**2)
            level = pm.Normal("level", 3000, tau=0.06 * precision)
            slope = pm.Normal("slope", 185, tau=6 * precision)
            pm.Normal("strength", level + slope * x, tau=precision, observed=data["strength_y"])
        return model

    return build


def pima(*covariates: str) -> Callable[[], pm.Model]:
    def build() -> pm.Model:
        data = columns("pima_indian_standardised.csv")
        design = np.column_stack([np.ones(len(data["np"])), *(data[name] for name in covariates)])
        with pm.Model() as model:
            slopes = pm.Normal("slopes", 0, 10, shape=design.shape[1])
            pm.Bernoulli("diabetes", logit_p=design @ slopes, observed=data["diabetes"].astype(int))
        return model

    return build


def hierarchical_normal(known_mean: bool) -> Callable[[], pm.Model]:
    def build() -> pm.Model:
        y = columns("hierarchical_normal_y.csv")["y"]
        with pm.Model() as model:
            variance = pm.InverseGamma("variance", 1, 1)
            mean = 0 if known_mean else pm.Normal("mean", 0, 1)
            theta = pm.Normal("theta", mean, pm.math.sqrt(variance), shape=len(y))
            pm.Normal("y", theta, 1, observed=y)
        return model

    return build


def sleep_jzs(prior: type[pm.Distribution] | None) -> Callable[[], pm.Model]:
    """The t test of Rouder et al.; 1/variance for a prior of the variance."""

    def build() -> pm.Model:
        y = columns("sleep.csv")["difference"]
        with pm.Model() as model:
            scale = pm.math.exp(0.5 * pm.Flat("log_variance"))
            if prior is pm.Cauchy:
                mean = scale * pm.Cauchy("delta", 0, np.sqrt(0.5))
            elif prior is pm.HalfCauchy:
                mean = scale * pm.HalfCauchy("delta", np.sqrt(0.5))
            else:
                mean = 0
            pm.Normal("y", mean, scale, observed=y)
        return model

    return build


def sleep_normal_gamma(with_mean: bool) -> Callable[[], pm.Model]:
    def build() -> pm.Model:
        with pm.Model() as model:
            precision = pm.Gamma("precision", 1, 1)
            mean = pm.Normal("mean", 0, tau=0.1 * precision) if with_mean else 0
            pm.Normal("y", mean, tau=precision, observed=columns("sleep.csv")["difference"])
        return model

    return build


def eight_schools(pooled: bool) -> Callable[[], pm.Model]:
    def build() -> pm.Model:
        data = columns("eight_schools.csv")
        with pm.Model() as model:
            mean = pm.Normal("mean", 0, 5)
            if not pooled:
                spread = pm.HalfCauchy("spread", 5)
                mean = mean + spread * pm.Normal("offset", 0, 1, shape=8)
            pm.Normal("y", mean, data["std_error_sigma"], observed=data["effect_y"])
        return model

    return build


def galaxies(components: int) -> Callable[[], pm.Model]:
    """Exchangeable labels: K! equal modes."""

    def build() -> pm.Model:
        y = columns("galaxies_kms.csv")["velocity_kms_corrected"] / 1000
        with pm.Model() as model:
            weights = pm.Dirichlet("weights", np.ones(components))
            means = pm.Normal("means", 20, 10, shape=components)
            variance = pm.InverseGamma("variance", 3, 20)
            parts = pm.Normal.dist(means, pm.math.sqrt(variance))
            pm.Mixture("y", weights, parts, observed=y)
        return model

    return build


def exchange_rates() -> pm.Model:
    """One common factor of six currencies."""
    y = np.column_stack(list(columns("ier.csv").values()))
    with pm.Model() as model:
        first = pm.HalfNormal("first", 1)
        others = pm.Normal("others", 0, 1, shape=5)
        variances = pm.InverseGamma("variances", 1.1, 0.05, shape=6)
        loadings = pt.concatenate([first[None], others])
        pm.MvNormal("y", np.zeros(6), pt.outer(loadings, loadings) + pt.diag(variances), observed=y)
    return model


def coal(switching: bool) -> Callable[[], pm.Model]:
    def build() -> pm.Model:
        counts = columns("coal_disasters.csv")["disasters"]
        years = np.arange(len(counts))
        with pm.Model() as model:
            if not switching:
                rate = pm.Exponential("rate", 1)
                pm.Poisson("disasters", rate, observed=counts.astype(int))
                return model
            early, late = pm.Exponential("early", 1), pm.Exponential("late", 1)
            # The year of the switch, summed out: up to and including it the early rate applies.
            before = np.cumsum(counts)
            total = (
                before * pt.log(early) + (before[-1] - before) * pt.log(late)
                - (years + 1) * early - (len(counts) - 1 - years) * late
            )  # fmt: skip
            constant = -gammaln(counts + 1).sum() - np.log(len(counts))
            pm.Potential("disasters", pt.logsumexp(total) + constant)
        return model

    return build


M1 = ("np", "pgc", "bmi", "dp")
RUNGS = (
    Rung("radiata pine, density", 3, radiata_pine("density_x"), reference("radiata_pine", "M1")),
    Rung(
        "radiata pine, adjusted density", 3, radiata_pine("resin_adjusted_density_z"),
        reference("radiata_pine", "M2"), quick=True,
    ),
    Rung("Pima diabetes, 5 slopes", 5, pima(*M1), reference("pima_logistic_tau0.01", "M1"), 3e-6),
    Rung(
        "Pima diabetes, 6 slopes", 6, pima(*M1, "age"), reference("pima_logistic_tau0.01", "M2"),
        5e-6,
    ),
    Rung(
        "hierarchical normal, mean 0", 21, hierarchical_normal(known_mean=True),
        reference("hierarchical_normal", "H0"),
    ),
    Rung(
        "hierarchical normal", 22, hierarchical_normal(known_mean=False),
        reference("hierarchical_normal", "H1"),
    ),
    Rung(
        "sleep, no effect", 1, sleep_jzs(None), reference("sleep_jzs_ttest", "H0"), options=SHARED,
    ),
    Rung(
        "sleep, effect", 2, sleep_jzs(pm.Cauchy), reference("sleep_jzs_ttest", "H1"),
        options=SHARED,
    ),
    Rung(
        "sleep, positive effect", 2, sleep_jzs(pm.HalfCauchy),
        reference("sleep_jzs_ttest", "H+"), options=SHARED,
    ),
    Rung(
        "sleep, normal-gamma", 2, sleep_normal_gamma(with_mean=True),
        reference("sleep_normal_gamma", "M1"),
    ),
    Rung(
        "sleep, normal-gamma, mean 0", 1, sleep_normal_gamma(with_mean=False),
        reference("sleep_normal_gamma", "M0"),
    ),
    Rung(
        "eight schools", 10, eight_schools(pooled=False), reference("eight_schools", "mu~"),
        quick=True,
    ),
    Rung(
        "eight schools, pooled", 1, eight_schools(pooled=True),
        reference("eight_schools", "complete"),
    ),
    Rung("galaxies, 2 components", 4, galaxies(2), reference("galaxy_mixture", "K=2"), 0.001),
    Rung(
        "galaxies, 3 components", 6, galaxies(3),
        reference("galaxy_mixture", "K=3 equal variances"), 0.002,
    ),
    Rung(
        "exchange rates, 1 factor", 12, exchange_rates, reference("ier_factor", "k=1"), 0.001,
        hard=True,
    ),
    Rung(
        "coal mines, one rate", 1, coal(switching=False),
        reference("coal_changepoint", "constant"),
    ),
    Rung(
        "coal mines, a switch", 2, coal(switching=True),
        reference("coal_changepoint", "one switch"), options=LIKELIHOOD,
    ),
)  # fmt: skip
