"""Whether the prior integrates to one on the unconstrained space.

A prior that does not (a transform that keeps part of the space, a factor without its constant)
changes the evidence by its own mass, and no diagnostic of a sampler can see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pymc as pm
from pytensor.graph.traversal import ancestors
from scipy.special import logsumexp

from bayes_leaks.engine import CompiledModel
from bayes_leaks.errors import EvidenceError
from bayes_leaks.evidence import bridge
from bayes_leaks.evidence.chains import k_hat
from bayes_leaks.evidence.checks import MAX_K_HAT
from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.proposals import StudentProposal

# Values of all other variables at which the mass of one is measured.
_PARENTS = 8
# Fixing them for a variable that is drawn as a whole means another compilation.
_FIXED_PARENTS = 2
_DRAWS = 2000
# Nodes of the one-dimensional integrals: logarithmically spaced distances from a draw.
_FARTHEST = 35.0
_NODES = 1401
_NEAREST = 1e-4
_BLOCK_CHAINS = 4
_SHORTEST = 50
_TOLERANCE = 0.02
_ERRORS = 4.0
_LARGEST_ERROR = 0.1


@dataclass(frozen=True, slots=True)
class PriorMass:
    """What the prior of a model integrates to.

    Parameters
    ----------
    log_mass : dict of str to float
        Log of the integral of each free variable given its parents, farthest from zero over the
        points tried, and of the Potentials under ``"potentials"`` if they belong to the prior.
    reasons : tuple of str
        Why the prior cannot be trusted, each ``"code: sentence"``; empty if it can.
    """

    log_mass: dict[str, float] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


def prior_mass(
    compiled: CompiledModel,
    *,
    potentials: str | None = None,
    shared_improper: Sequence[str] = (),
    random_seed: int = 0,
) -> PriorMass:
    """Measure what the prior integrates to on the unconstrained space.

    A PyMC prior is a product of densities, each of which must integrate to one given its parents.
    Elementwise variables are integrated numerically, one element at a time, around prior draws;
    others by bridge sampling between prior draws and a Student-t, with their parents held fixed.

    Parameters
    ----------
    compiled : CompiledModel
    potentials : {"likelihood", "prior"}, optional
        What the model's Potentials are.
    shared_improper : sequence of str, optional
        Variables that are known to be improper.
    random_seed : int, optional

    Returns
    -------
    PriorMass
    """
    model = compiled.model
    reasons = []
    if model.potentials and potentials is None:
        names = ", ".join(repr(p.name) for p in model.potentials)
        reasons.append(
            f"potential_role: the model has Potential {names}; say potentials='likelihood' if it "
            "belongs to the likelihood, or potentials='prior' if it belongs to the prior."
        )
    if shared_improper:
        return PriorMass({}, tuple(reasons))
    try:
        drawn = compiled.draw_prior(_DRAWS, random_seed)
    except EvidenceError as error:
        return PriorMass({}, (*reasons, f"prior_mass_unknown: {error}"))
    masses: dict[str, float] = {}
    rng = np.random.default_rng(random_seed)
    points = compiled.unconstrain(drawn)
    inside = np.isfinite(points).all(axis=1)
    # A place in the space is needed for the other variables, also where a draw has no image.
    base = np.where(np.isfinite(points), points, 0.0)
    terms = compiled.prior_terms(base[:1])
    for name, part in compiled.coordinates.items():
        try:
            if terms[name].shape[1] == part.stop - part.start:
                masses[name] = _elementwise(compiled, name, base[inside][:_PARENTS])
            else:
                masses[name] = _block(compiled, name, points, base, rng)
        except EvidenceError as error:
            reasons.append(f"prior_mass_unknown: the prior of {name!r} was not measured: {error}")
    if potentials == "prior":
        found = _potentials(compiled, points[inside])
        if isinstance(found, str):
            reasons.append(found)
        else:
            masses["potentials"] = found
    reasons += _judge(masses)
    return PriorMass(masses, tuple(reasons))


def _judge(masses: dict[str, float]) -> list[str]:
    """Reasons against a prior whose factors have these masses."""
    wrong = {name: mass for name, mass in masses.items() if not abs(mass) < _TOLERANCE}
    # A constant among the Potentials may make up for a transform that keeps part of the space.
    if not wrong or ("potentials" in masses and abs(sum(masses.values())) < _TOLERANCE):
        return []
    described = ", ".join(
        f"{'that of the Potentials' if name == 'potentials' else repr(name)} to "
        f"{np.exp(min(mass, 700.0)):.3g} (log {mass:.2f})"
        for name, mass in wrong.items()
    )
    return [
        f"prior_mass: the prior does not integrate to one on the unconstrained space: {described}. "
        "A transform such as ordered keeps only part of it, and a Potential or CustomDist may lack "
        "its constant; add pm.Potential with minus the log mass and say potentials='prior'."
    ]


def _elementwise(compiled: CompiledModel, name: str, bases: Floats) -> float:
    """Log mass of a variable whose elements are independent given its parents.

    All elements are displaced at once from a draw, over distances from a ten-thousandth to e^35
    times their spread, so that the bulk is resolved at any scale that the parents give it.
    """
    part = compiled.coordinates[name]
    spread = _NEAREST * (bases[:, part].std() + 1e-3)
    t = np.linspace(-_FARTHEST, _FARTHEST, _NODES)
    log_slope = np.log(spread * (t[1] - t[0])) + np.logaddexp(t, -t) - np.log(2.0)
    worst = 0.0
    for base in bases:
        points = np.repeat(base[None], _NODES, axis=0)
        points[:, part] += (spread * np.sinh(t))[:, None]
        with np.errstate(all="ignore"):
            log_density = compiled.prior_terms(points)[name]
        # Where a density overflows on its way to zero it is zero.
        log_density = np.where(np.isnan(log_density), -np.inf, log_density)
        masses = logsumexp(log_density + log_slope[:, None], axis=0)
        worst = max(worst, *masses.tolist(), key=abs)
    return float(worst)


def _block(
    compiled: CompiledModel,
    name: str,
    points: Floats,
    base: Floats,
    rng: np.random.Generator,
) -> float:
    """Log mass of a variable that only makes sense as a whole, given its parents."""
    rv = next(rv for rv in compiled.model.free_RVs if rv.name == name)
    others = set(compiled.model.free_RVs) - {rv}
    parents = [node for node in ancestors([rv]) if node in others]
    if not parents:
        return _block_given(compiled, name, points, base[0], rng)
    worst = 0.0
    for index in range(_FIXED_PARENTS):
        natural = compiled.constrain(base[[index]])
        values = {str(parent.name): natural[str(parent.name)][0] for parent in parents}
        fixed = CompiledModel(pm.do(compiled.model, values))
        own = fixed.unconstrain(fixed.draw_prior(_DRAWS, random_seed=index))
        column = fixed.coordinates[name]
        drawn = np.repeat(base[[index]], len(own), axis=0)
        drawn[:, compiled.coordinates[name]] = own[:, column]
        mass = _block_given(compiled, name, drawn, base[index], rng)
        worst = max(worst, mass, key=abs)
    return worst


def _block_given(
    compiled: CompiledModel, name: str, points: Floats, base: Floats, rng: np.random.Generator
) -> float:
    part = compiled.coordinates[name]
    own = points[:, part]
    own = own[np.isfinite(own).all(axis=1)]
    length = len(own) // _BLOCK_CHAINS
    if length < _SHORTEST:
        raise EvidenceError(f"only {len(own)} of {len(points)} draws have an image")

    def log_density(rows: Floats) -> Floats:
        whole = np.repeat(base[None], len(rows), axis=0)
        whole[:, part] = rows
        with np.errstate(all="ignore"):
            return compiled.prior_terms(whole)[name][:, 0]

    draws = own[: length * _BLOCK_CHAINS].reshape(_BLOCK_CHAINS, length, -1)
    found = bridge(log_density, draws, random_seed=rng, ladder=[StudentProposal.fit])
    log_mass, error = found.untrusted_numbers
    # Draws are independent, so only the overlap can fail.
    if not (np.isfinite(log_mass) and error < _LARGEST_ERROR):
        raise EvidenceError("; ".join(found.reasons) or f"its error is {error:.2f} nats")
    # A mass within its error of one is one.
    return 0.0 if abs(log_mass) < _ERRORS * error else float(log_mass)


def _potentials(compiled: CompiledModel, points: Floats) -> float | str:
    """Log of the prior mean of the exponentiated Potentials, or why it is not known."""
    weights = compiled.log_potential(points)
    log_mass = float(logsumexp(weights) - np.log(len(weights)))
    ratios = np.exp(weights - log_mass)
    error = float(np.std(ratios) / np.sqrt(len(ratios)))
    if not np.isfinite(log_mass) or not k_hat(weights) <= MAX_K_HAT or error > _LARGEST_ERROR:
        return (
            "prior_mass_unknown: the mean of the Potentials over the prior was not measured; its "
            f"error is {error:.2f} nats."
        )
    return 0.0 if abs(log_mass) < _ERRORS * error else log_mass
