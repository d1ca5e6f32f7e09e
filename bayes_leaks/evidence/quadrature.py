"""Log evidence by adaptive quadrature, for up to three dimensions."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import cubature
from scipy.linalg import cholesky

from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.evidence.inputs import CountedDensity, Floats, LogDensity
from bayes_leaks.evidence.proposals import sobol_normals
from bayes_leaks.evidence.result import Evidence

METHOD = "quadrature"
MAX_DIMENSION = 3
_MAX_SUBDIVISIONS = 1000
# A posterior with unit covariance then spans most of the open box; nearer to 1 the regions
# near the centre, farther from it the tails, would be cut more often.
_STRETCH = 5.0
_CHECK_STRETCH = 3.0
# A billion standard deviations out: at 1 itself the map is infinite.
_EDGE = 1.0 - 1e-9
_SCAN_SIZE = 4096


def quadrature(
    log_density: LogDensity, center: ArrayLike, scale: ArrayLike, *, rtol: float = 1e-8
) -> Evidence:
    """Integrate an unnormalised posterior by adaptive cubature.

    The space is whitened by `center` and `scale`, then mapped to a box by
    ``z = 5 t / (1 - t^2)``. The integral is done a second time, more coarsely, with another
    stretch; both must agree.

    Parameters
    ----------
    log_density : callable
        Unnormalised log posterior on R^d, Jacobian included: points (n, d) to (n,), nats.
        It may be -inf, never +inf or NaN.
    center : array_like, shape (d,)
        A point near the bulk, such as the posterior mean; d = 1, 2 or 3.
    scale : array_like, shape (d, d)
        Covariance that tells the width and tilt of the bulk. A rough one costs time, not
        accuracy.
    rtol : float, optional
        Relative error to reach, between 1e-12 and 0.1. In three dimensions 1e-8 takes some
        millions of evaluations, 1e-4 a tenth of that, and the true error is far smaller.

    Returns
    -------
    Evidence
        Nats; `mcse` is the numerical error bound of the rule. Not trusted when the rule did
        not converge or the two passes disagree.

    Raises
    ------
    ParameterError
        If `center`, `scale` or `rtol` is not allowed.
    EvidenceError
        If the log density is +inf or NaN somewhere, or -inf all around `center`.

    References
    ----------
    .. [1] Berntsen, J., Espelid, T. O. and Genz, A. (1991). An adaptive algorithm for the
       approximate calculation of multiple integrals. ACM Transactions on Mathematical
       Software 17, 437-451. https://doi.org/10.1145/210232.210233

    Examples
    --------
    >>> import numpy as np
    >>> exact = quadrature(lambda x: -0.5 * (x**2).sum(axis=1), [0.0], [[1.0]])
    >>> bool(np.isclose(exact.log_ml, 0.5 * np.log(2 * np.pi), rtol=0, atol=1e-8))
    True
    """
    middle = np.atleast_1d(np.asarray(center, dtype=np.float64))
    factor = _whitening(middle, np.atleast_2d(np.asarray(scale, dtype=np.float64)), rtol)
    density = CountedDensity(log_density)

    def whitened(standard: Floats) -> Floats:
        # Far out a density may overflow on its way to -inf.
        with np.errstate(over="ignore"):
            values = density(middle + standard @ factor.T)
        if (bad := np.isnan(values) | np.isposinf(values)).any():
            first = int(np.argmax(bad))
            raise EvidenceError(
                f"log_density is {values[first]} at {middle + standard[first] @ factor.T}; it "
                "must be finite, or -inf where the posterior is zero"
            )
        return values

    scan = 2.0 * sobol_normals(_SCAN_SIZE, middle.size, np.random.default_rng(0))
    peak = float(whitened(np.vstack([np.zeros(middle.size), scan])).max())
    if not np.isfinite(peak):
        raise EvidenceError(
            f"log_density is -inf at {_SCAN_SIZE} points around center {middle.tolist()}; give "
            "a center and a scale that cover the posterior"
        )

    def integral(stretch: float, tolerance: float) -> tuple[float, float, bool]:
        def integrand(box: Floats) -> Floats:
            inside = 1.0 - box**2
            log_jacobian = np.log(stretch * (1.0 + box**2) / inside**2).sum(axis=1)
            return np.asarray(np.exp(whitened(stretch * box / inside) - peak + log_jacobian))

        edge = np.full(middle.size, _EDGE)
        found = cubature(integrand, -edge, edge, rtol=tolerance, max_subdivisions=_MAX_SUBDIVISIONS)
        return float(found.estimate), float(found.error), found.status == "converged"

    value, error, converged = integral(_STRETCH, rtol)
    check, check_error, _ = integral(_CHECK_STRETCH, max(rtol, 1e-4))
    reasons = []
    if not converged:
        reasons.append(
            f"not_converged: the relative error {error / value:.1e} is above rtol {rtol:.1e} "
            f"after {_MAX_SUBDIVISIONS} subdivisions; give a scale closer to the posterior."
        )
    if abs(value - check) > 2.0 * (error + check_error):
        reasons.append(
            f"passes_disagree: two passes give {value:.6g} and {check:.6g} times the same factor; "
            "part of the posterior lies far from center or is very narrow."
        )
    return Evidence(
        log_ml=peak + float(np.log(value)) + float(np.linalg.slogdet(factor)[1]),
        mcse=error / value,
        method=METHOD,
        n_evaluations=density.n_evaluations,
        diagnostics={"pass_difference": float(np.log(check / value))},
        trusted=not reasons,
        reasons=tuple(reasons),
    )


def _whitening(center: Floats, scale: Floats, rtol: float) -> Floats:
    """Lower Cholesky factor of a valid scale; all problems are reported together."""
    problems = []
    if center.ndim != 1 or not np.isfinite(center).all():
        problems.append(f"center must be finite with shape (d,), got {center.tolist()}")
    elif center.size > MAX_DIMENSION:
        problems.append(
            f"center has {center.size} dimensions; quadrature does {MAX_DIMENSION} at most, use "
            "bridge above"
        )
    if not 1e-12 <= rtol <= 0.1:
        problems.append(f"rtol must lie between 1e-12 and 0.1, got {rtol}")
    symmetric = scale.shape == (center.size,) * 2 and np.allclose(scale, scale.T)
    if not symmetric or not (np.linalg.eigvalsh(scale) > 0).all():
        problems.append(
            f"scale must be a symmetric positive definite covariance of shape "
            f"({center.size}, {center.size}), got {scale.tolist()}"
        )
    if problems:
        raise ParameterError("quadrature cannot start: " + "; ".join(problems))
    return np.asarray(cholesky(scale, lower=True))
