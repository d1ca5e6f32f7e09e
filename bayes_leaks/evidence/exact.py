"""Closed-form log evidences of conjugate models: the yardsticks of every estimator."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import LinAlgError, cho_solve, cholesky
from scipy.special import betaln

from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.quadrature import quadrature
from bayes_leaks.evidence.result import Evidence

__all__ = ["beta_binomial", "gamma_poisson", "linear_regression", "normal_mean", "quadrature"]


def gamma_poisson(n_events: int, exposure: float, alpha: float, beta: float) -> Evidence:
    """Integrate a Poisson process with constant rate over a gamma prior.

    The likelihood of events at recorded times is ``rate^n_events exp(-rate exposure)``, a
    density in the times: nothing is divided by ``n_events!``.

    Parameters
    ----------
    n_events : int
        Number of events, 0 or more.
    exposure : float
        Time at risk, 0 or more, such as asset-years.
    alpha, beta : float
        Shape and rate of the prior ``Gamma(alpha, beta)``, positive; `beta` in the unit of
        `exposure`.

    Returns
    -------
    Evidence
        Nats, with no error.

    Raises
    ------
    ParameterError
        If an argument is outside its range.

    References
    ----------
    .. [1] Gelman, A. et al. (2013). Bayesian Data Analysis, 3rd ed., section 2.6.
       https://doi.org/10.1201/b16018

    Examples
    --------
    >>> gamma_poisson(0, 0.0, alpha=2.0, beta=1.0)
    Evidence(0.0 nats, exact gamma-Poisson)
    """
    _require_not_negative(n_events=n_events, exposure=exposure)
    _require_positive(alpha=alpha, beta=beta)
    log_ml = (
        alpha * math.log(beta)
        - math.lgamma(alpha)
        + math.lgamma(alpha + n_events)
        - (alpha + n_events) * math.log(beta + exposure)
    )
    return _exact(log_ml, "gamma-Poisson")


def beta_binomial(successes: int, trials: int, alpha: float, beta: float) -> Evidence:
    """Integrate a binomial likelihood over a beta prior.

    Parameters
    ----------
    successes : int
        Number of successes, from 0 to `trials`.
    trials : int
        Number of trials, 0 or more.
    alpha, beta : float
        Parameters of the prior ``Beta(alpha, beta)``, positive.

    Returns
    -------
    Evidence
        Nats, with no error; the binomial coefficient is included.

    Raises
    ------
    ParameterError
        If an argument is outside its range.

    References
    ----------
    .. [1] Skellam, J. G. (1948). A probability distribution derived from the binomial
       distribution by regarding the probability of success as variable between the sets of
       trials. JRSS B 10, 257-261. https://doi.org/10.1111/j.2517-6161.1948.tb00014.x
    """
    _require_not_negative(successes=successes, trials=trials)
    _require_positive(alpha=alpha, beta=beta)
    if successes > trials:
        raise ParameterError(f"successes must be at most trials, got {successes} > {trials}")
    log_choose = -math.log(trials + 1.0) - betaln(trials - successes + 1.0, successes + 1.0)
    log_ml = log_choose + betaln(successes + alpha, trials - successes + beta) - betaln(alpha, beta)
    return _exact(float(log_ml), "beta-binomial")


def normal_mean(y: ArrayLike, sigma: float, prior_mean: float, prior_sd: float) -> Evidence:
    """Integrate a normal likelihood with known standard deviation over a normal mean.

    Parameters
    ----------
    y : array_like, shape (n,)
        Observations.
    sigma : float
        Known standard deviation of one observation, positive, in the unit of `y`.
    prior_mean, prior_sd : float
        Prior ``Normal(prior_mean, prior_sd)`` of the mean, in the unit of `y`.

    Returns
    -------
    Evidence
        Nats, with no error.

    Raises
    ------
    ParameterError
        If an argument is outside its range.

    References
    ----------
    .. [1] Gelman, A. et al. (2013). Bayesian Data Analysis, 3rd ed., section 2.5.
       https://doi.org/10.1201/b16018
    """
    _require_positive(sigma=sigma, prior_sd=prior_sd)
    residual = _finite_vector("y", y) - prior_mean
    n = residual.size
    # The covariance sigma^2 I + prior_sd^2 1 1' has one eigenvalue apart from sigma^2.
    along = sigma**2 + n * prior_sd**2
    squares = (residual @ residual - prior_sd**2 * residual.sum() ** 2 / along) / sigma**2
    log_det = (n - 1) * math.log(sigma**2) + math.log(along)
    log_ml = -0.5 * (n * math.log(2.0 * math.pi) + log_det + float(squares))
    return _exact(log_ml, "normal mean")


def linear_regression(
    y: ArrayLike,
    design: ArrayLike,
    prior_mean: ArrayLike,
    prior_scale: ArrayLike,
    alpha: float,
    beta: float,
) -> Evidence:
    """Integrate a linear regression over its normal-inverse-gamma prior.

    The model is ``y ~ Normal(design @ b, s2)`` with ``b ~ Normal(prior_mean, s2 prior_scale)``
    and ``s2 ~ InverseGamma(alpha, beta)``.

    Parameters
    ----------
    y : array_like, shape (n,)
        Observations.
    design : array_like, shape (n, k)
        Design matrix.
    prior_mean : array_like, shape (k,)
        Prior mean of the coefficients.
    prior_scale : array_like, shape (k, k)
        Their prior covariance in units of the noise variance, positive definite.
    alpha, beta : float
        Shape and scale of the inverse-gamma prior of the noise variance, positive.

    Returns
    -------
    Evidence
        Nats, with no error.

    Raises
    ------
    ParameterError
        If shapes do not fit or an argument is outside its range.

    References
    ----------
    .. [1] O'Hagan, A. and Forster, J. (2004). Kendall's Advanced Theory of Statistics 2B:
       Bayesian Inference, 2nd ed., chapter 11. Arnold.
    .. [2] Bernardo, J. M. and Smith, A. F. M. (1994). Bayesian Theory, appendix A.
       https://doi.org/10.1002/9780470316870
    """
    _require_positive(alpha=alpha, beta=beta)
    outcome, mean = _finite_vector("y", y), _finite_vector("prior_mean", prior_mean)
    matrix = np.asarray(design, dtype=np.float64)
    scale = np.asarray(prior_scale, dtype=np.float64)
    n, k = outcome.size, mean.size
    if matrix.shape != (n, k) or scale.shape != (k, k):
        raise ParameterError(
            f"design must have shape ({n}, {k}) and prior_scale ({k}, {k}) to fit y and "
            f"prior_mean, got {matrix.shape} and {scale.shape}"
        )
    try:
        cholesky(scale, lower=True)
    except LinAlgError as error:
        raise ParameterError("prior_scale must be positive definite") from error
    # Given s2, y is normal around design @ prior_mean with covariance s2 (I + X V X').
    factor = cholesky(np.eye(n) + matrix @ scale @ matrix.T, lower=True)
    residual = outcome - matrix @ mean
    squares = float(residual @ cho_solve((factor, True), residual))
    log_ml = (
        -0.5 * n * math.log(2.0 * math.pi)
        - float(np.log(np.diag(factor)).sum())
        + alpha * math.log(beta)
        - math.lgamma(alpha)
        + math.lgamma(alpha + 0.5 * n)
        - (alpha + 0.5 * n) * math.log(beta + 0.5 * squares)
    )
    return _exact(log_ml, "linear regression")


def _exact(log_ml: float, model: str) -> Evidence:
    return Evidence(log_ml, 0.0, f"exact {model}", 0, {}, trusted=True)


def _finite_vector(name: str, values: ArrayLike) -> Floats:
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1 or vector.size == 0 or not np.isfinite(vector).all():
        raise ParameterError(f"{name} must be a vector of finite numbers, got {values!r}")
    return vector


def _require_not_negative(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value < math.inf:
            raise ParameterError(f"{name} must be 0 or more and finite, got {value}")


def _require_positive(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ParameterError(f"{name} must be positive and finite, got {value}")
