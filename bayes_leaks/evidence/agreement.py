"""When several estimates of one number are believed: independent ones must agree."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayes_leaks.evidence.inputs import Floats, LogDensity
from bayes_leaks.evidence.proposals import StudentProposal
from bayes_leaks.evidence.result import Evidence

MAX_JOINT_ERRORS = 4.0
# Sums of thousands of terms differ by this, in nats, without any Monte Carlo error.
_ROUNDING = 1e-8
# The density stands this far, in nats, above all that the draws have seen of it.
_UNSEEN = 5.0
_UNSEEN_SHARE = 0.005
# The reciprocal estimate may be off by tenths of a nat where the others are right.
_ALARM = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which of several estimates to report.

    Parameters
    ----------
    chosen : str
        Name of the estimate to report.
    confirmed_by : str
        Name of the independent one that agrees; empty if there is none.
    reasons : tuple of str
        Why the number is not to be trusted; empty if it is.
    """

    chosen: str
    confirmed_by: str
    reasons: tuple[str, ...]


def judge(estimates: Mapping[str, Evidence]) -> Verdict:
    """Compare estimates of the same number.

    Parameters
    ----------
    estimates : mapping of str to Evidence
        At least one, the preferred one first.

    Returns
    -------
    Verdict
        Of two or more trusted estimates that agree within 4 joint standard errors, the one with
        the smallest error. Otherwise the reasons: ``unconfirmed`` or ``disagreement`` and those of
        every estimate that is not trusted. A density that is NaN or +inf somewhere rules out all.
    """
    trusted = [name for name, estimate in estimates.items() if estimate.trusted]
    trusted.sort(key=lambda name: estimates[name].mcse)
    own = tuple(
        f"{reason} ({name})" for name, estimate in estimates.items() for reason in estimate.reasons
    )
    chosen = trusted[0] if trusted else next(iter(estimates))
    if any(code.startswith("non_finite") for e in estimates.values() for code in e.codes):
        return Verdict(chosen, "", own)
    if len(trusted) < 2:
        only = f"only {chosen} can be trusted" if trusted else "no estimate can be trusted"
        return Verdict(chosen, "", (f"unconfirmed: {only}, two that agree are needed.", *own))
    apart = [
        _difference(one, estimates[one], other, estimates[other])
        for i, one in enumerate(trusted)
        for other in trusted[i + 1 :]
    ]
    if reasons := tuple(text for text in apart if text):
        return Verdict(chosen, "", reasons + own)
    return Verdict(chosen, trusted[1], ())


def _difference(name: str, one: Evidence, other_name: str, other: Evidence) -> str:
    """Describe a difference beyond the joint error; empty if there is none."""
    difference, error = abs(one.log_ml - other.log_ml), float(np.hypot(one.mcse, other.mcse))
    if difference <= MAX_JOINT_ERRORS * error + _ROUNDING:
        return ""
    apart = f"{difference / error:.1f} joint errors apart" if error > 0.0 else "both exact"
    return (
        f"disagreement: {name} gives {one.log_ml:.4f} ± {one.mcse:.4f} and {other_name} "
        f"{other.log_ml:.4f} ± {other.mcse:.4f}, {apart}; part of the posterior is missing from "
        "one of them."
    )


def unvisited(log_density: LogDensity, draws: Floats, at_draws: Floats, others: Floats) -> str:
    """Say whether independent draws lie in a mode that the posterior draws never visited.

    Where the draws were, the density in units of a Student-t fitted to them has some range. In a
    mode that they never visited it stands many nats above that range.

    Parameters
    ----------
    log_density : callable
        Points (n, d) to (n,), nats.
    draws : ndarray, shape (chains, draws, d)
        Posterior draws.
    at_draws : ndarray, shape (chains, draws)
        Log density there.
    others : ndarray, shape (n, d)
        Draws of the same posterior that do not depend on `draws`.

    Returns
    -------
    str
        ``"unvisited_mode: a sentence"``, or empty if there is no such mode.
    """
    flat = draws.reshape(-1, draws.shape[2])
    reference = StudentProposal.fit(flat)
    highest = float(np.max(np.ravel(at_draws) - reference.log_density(flat)))
    heights = np.asarray(log_density(others)) - reference.log_density(others)
    share = float(np.mean(heights > highest + _UNSEEN))
    if share <= _UNSEEN_SHARE:
        return ""
    return (
        f"unvisited_mode: {share:.1%} of draws that start from the prior lie where the posterior "
        "draws never were; run more chains from dispersed starting points."
    )


def alarm(reciprocal: Evidence, chosen: Evidence) -> str:
    """Compare with the reciprocal estimate, which sees gross errors only.

    Parameters
    ----------
    reciprocal, chosen : Evidence

    Returns
    -------
    str
        ``"reciprocal_disagrees: a sentence"``, or empty.
    """
    if not (reciprocal.trusted and chosen.trusted):
        return ""
    difference = abs(reciprocal.log_ml - chosen.log_ml)
    allowed = _ALARM + MAX_JOINT_ERRORS * float(np.hypot(reciprocal.mcse, chosen.mcse))
    if difference <= allowed:
        return ""
    return (
        f"reciprocal_disagrees: reciprocal importance sampling over the same draws is "
        f"{difference:.2f} nats away, {allowed:.2f} are allowed; draws and density may not belong "
        "together."
    )
