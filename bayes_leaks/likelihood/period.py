"""Common cause as hazardous periods: the whole fleet's hazard switches between two levels.

A two-state Markov-modulated Poisson process. Between changes of the exposed set the hidden state
evolves by a 2x2 matrix exponential in closed form; the matrices are multiplied as a pairwise tree,
so the graph grows with the logarithm of the record and the cost does not depend on the number of
assets once the exposure is known.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_leaks.likelihood import background
from bayes_leaks.likelihood.exposure import Exposure

# Products are rescaled every so many levels of the tree, long before they could underflow.
LEVELS_BETWEEN_RESCALING = 4


@dataclass(frozen=True, slots=True)
class PeriodLayout:
    """The record as a chain of pieces with constant exposure.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Each of shape (2**n_levels,): ``period_duration``, years, zero for padding;
        ``period_at_risk``, summed weight of the exposed assets; ``period_is_event``, 1 where the
        piece ends in a leak.
    n_levels : int
        Depth of the product tree.
    """

    arrays: dict[str, np.ndarray]
    n_levels: int


DIMS: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("period_duration", "period_at_risk", "period_is_event"), ("period_piece",)
)


def layout(exposure: Exposure) -> PeriodLayout:
    """Cut the calendar at every entry, exit and leak.

    Parameters
    ----------
    exposure : Exposure

    Returns
    -------
    PeriodLayout
    """
    censor = exposure.censor
    # Exits before entries at equal times would leave the sum unchanged: the piece has no length.
    time = np.concatenate([exposure.start, censor])
    change = np.concatenate([exposure.weight, -exposure.weight])
    is_event = np.zeros(len(time))
    is_event[exposure.n_assets + exposure.event_asset] = 1.0
    order = np.argsort(time, kind="stable")
    duration = np.diff(time[order])
    # Sums of weights of assets that have all left must be zero, not rounding noise.
    at_risk = np.maximum(np.cumsum(change[order])[:-1], 0.0)
    n_levels = max(1, int(np.ceil(np.log2(len(duration)))))
    padding = (0, (1 << n_levels) - len(duration))
    arrays = {
        "period_duration": np.pad(duration, padding),
        "period_at_risk": np.pad(at_risk, padding),
        "period_is_event": np.pad(is_event[order][1:], padding),
    }
    return PeriodLayout(arrays, n_levels)


class Switching(NamedTuple):
    """Rates of the hidden process; scalar tensors.

    `quiet` and `elevated` are leaks per asset-year in the two states, `begin` and `end` the
    switching rates per year into and out of the elevated state.
    """

    quiet: TensorVariable
    elevated: TensorVariable
    begin: TensorVariable
    end: TensorVariable


def switching(
    rate: TensorVariable,
    elevated_fraction: TensorVariable,
    hazard_ratio: TensorVariable,
    elevated_duration: TensorVariable,
) -> Switching:
    """Derive the rates of the two states so that the mean rate is `rate`.

    Parameters
    ----------
    rate : scalar
        Mean leaks per asset-year.
    elevated_fraction : scalar
        Long-run fraction of time in the elevated state, in (0, 1).
    hazard_ratio : scalar
        Elevated over quiet hazard, at least 1.
    elevated_duration : scalar
        Mean length of an elevated period in years.

    Returns
    -------
    Switching
    """
    quiet = rate / (1 + elevated_fraction * (hazard_ratio - 1))
    end = 1 / elevated_duration
    begin = end * elevated_fraction / (1 - elevated_fraction)
    return Switching(quiet, hazard_ratio * quiet, begin, end)


def log_density(
    rates: Switching,
    arrays: dict[str, TensorVariable],
    n_levels: int,
    observed: background.Observed,
) -> TensorVariable:
    r"""Log density of the leaks under the switching hazard, from a stationary start.

    :math:`\log \pi^\top \prod_s \exp((Q - Y_s \Lambda)\Delta_s) D_s \mathbf 1`, with
    :math:`D_s = \Lambda w` at a leak. The quiet hazard and the slower decay of each piece are taken
    out of its factor, so that the factors stay near one at any rate.

    Parameters
    ----------
    rates : Switching
    arrays : dict of str to tensor
        As in `PeriodLayout`.
    n_levels : int
    observed : background.Observed

    Returns
    -------
    scalar

    References
    ----------
    Fearnhead and Sherlock (2006), An exact Gibbs sampler for the Markov-modulated Poisson process,
    J. R. Stat. Soc. B 68, https://doi.org/10.1111/j.1467-9868.2006.00566.x
    """
    ratio = rates.elevated / rates.quiet
    to_quiet, to_elevated, log_decay = _transitions(
        rates, arrays["period_duration"], arrays["period_at_risk"]
    )
    boost = pt.switch(pt.gt(arrays["period_is_event"], 0), ratio, 1.0)
    q0, e0 = to_quiet[0], to_elevated[0] * boost
    q1, e1 = to_quiet[1], to_elevated[1] * boost
    log_scale = log_decay.sum()
    for level in range(n_levels):
        left = (q0[0::2], e0[0::2], q1[0::2], e1[0::2])
        right = (q0[1::2], e0[1::2], q1[1::2], e1[1::2])
        q0 = left[0] * right[0] + left[1] * right[2]
        e0 = left[0] * right[1] + left[1] * right[3]
        q1 = left[2] * right[0] + left[3] * right[2]
        e1 = left[2] * right[1] + left[3] * right[3]
        if level % LEVELS_BETWEEN_RESCALING == LEVELS_BETWEEN_RESCALING - 1:
            total = q0 + e0 + q1 + e1
            q0, e0, q1, e1 = q0 / total, e0 / total, q1 / total, e1 / total
            log_scale += pt.log(total).sum()
    fraction = rates.begin / (rates.begin + rates.end)
    weight = (1 - fraction) * (q0 + e0).sum() + fraction * (q1 + e1).sum()
    return pt.log(weight) + log_scale + background.log_density(rates.quiet, observed)


def _transitions(
    rates: Switching, duration: TensorVariable, at_risk: TensorVariable
) -> tuple[
    tuple[TensorVariable, TensorVariable], tuple[TensorVariable, TensorVariable], TensorVariable
]:
    """Transition weights of each piece, ``(to_quiet, to_elevated)``, each from quiet and elevated.

    exp(A t) in closed form for A = [[-begin, begin], [end, -end - extra]], with eigenvalues
    mean +- root: written so that neither the eigenvalue near zero nor the small coefficients are
    differences of nearly equal numbers. The weights lack the factor of the slower decay, whose
    logarithm comes third.
    """
    begin, end = rates.begin, rates.end
    extra = at_risk * (rates.elevated - rates.quiet)
    mean = -(begin + end + extra) / 2
    half_gap = (end + extra - begin) / 2
    root = pt.sqrt(half_gap**2 + begin * end)
    log_decay = duration * begin * extra / (mean - root)
    fast = pt.exp(-2 * root * duration)
    large = (1 + pt.abs(half_gap) / root) / 2
    small = begin * end / (2 * root * (root + pt.abs(half_gap)))
    quiet_slow = pt.switch(pt.ge(half_gap, 0), large, small)
    quiet_fast = pt.switch(pt.ge(half_gap, 0), small, large)
    stay_quiet = quiet_slow + quiet_fast * fast
    stay_elevated = quiet_fast + quiet_slow * fast
    exchange = -pt.expm1(-2 * root * duration) / (2 * root)
    return (stay_quiet, end * exchange), (begin * exchange, stay_elevated), log_decay
