"""Whether the prior integrates to one on the unconstrained space.

A prior that does not (a transform that keeps part of the space, a factor without its constant)
changes the evidence by its own mass, and no diagnostic of a sampler can see it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from pymc.distributions.custom import CustomDistRV, CustomSymbolicDistRV
from pymc.distributions.transforms import _default_transform
from pytensor.tensor import TensorVariable
from scipy.special import logsumexp

from bayes_leaks.engine import CompiledModel
from bayes_leaks.errors import EvidenceError
from bayes_leaks.evidence.chains import k_hat
from bayes_leaks.evidence.checks import MAX_K_HAT
from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.user_model.integrals import block_mass, elementwise_masses
from bayes_leaks.user_model.parents import Parents

# Values of all other variables at which the mass of one is measured.
_PARENTS = 8
# Bridge sampling costs more than quadrature.
_BLOCK_PARENTS = 2
_POTENTIAL_DRAWS = 2000
_TOLERANCE = 0.01
_ERRORS = 4.0
_LARGEST_ERROR = 0.1


@dataclass(frozen=True, slots=True)
class _Mass:
    """A log mass and its standard error, in nats."""

    value: float
    error: float

    @property
    def is_wrong(self) -> bool:
        return not abs(self.value) < max(_TOLERANCE, _ERRORS * self.error)

    @property
    def stated(self) -> float:
        """The value, or zero if it is zero within its error."""
        return self.value if self.is_wrong or not self.error else 0.0


@dataclass(frozen=True, slots=True)
class PriorMass:
    """What the prior of a model integrates to.

    Parameters
    ----------
    log_mass : dict of str to float
        Log of the integral of each free variable given its parents, farthest from zero over the
        points tried, and of the Potentials under ``"potentials"`` if they belong to the prior; zero
        if it is zero within its error.
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
        Variables that are known to be improper. They are not measured; nor are Potentials then,
        which may be what makes the prior improper.
    random_seed : int, optional

    Returns
    -------
    PriorMass
        Variables that are too large to be measured are missing from ``log_mass``. That is a reason
        only if their distribution or their transform is the user's own.
    """
    model = compiled.model
    reasons = []
    if model.potentials and potentials is None:
        names = ", ".join(repr(p.name) for p in model.potentials)
        reasons.append(
            f"potential_role: the model has Potential {names}; say potentials='likelihood' if it "
            "belongs to the likelihood, or potentials='prior' if it belongs to the prior."
        )
    parents = Parents(compiled, shared_improper)
    try:
        points = parents.draw(_PARENTS, random_seed)
    except EvidenceError as error:
        return PriorMass({}, (*reasons, f"prior_mass_unknown: {error}"))
    # A place in the space is needed for the other variables, also where a draw has no image.
    bases = np.where(np.isfinite(points), points, 0.0)
    masses, unknown = _masses(parents, bases, random_seed)
    reasons += unknown
    if potentials == "prior" and not shared_improper:
        found = _potentials(compiled, random_seed)
        if isinstance(found, str):
            reasons.append(found)
        else:
            masses["potentials"] = found
    reasons += _judge(masses)
    return PriorMass({name: mass.stated for name, mass in masses.items()}, tuple(reasons))


def _masses(
    parents: Parents, bases: Floats, random_seed: int
) -> tuple[dict[str, _Mass], list[str]]:
    """Log mass of each variable, and why some are not known."""
    compiled = parents.compiled
    terms = compiled.prior_terms(bases[:1])
    masses: dict[str, _Mass] = {}
    reasons = []
    for level in parents.levels:
        single = [n for n in level if terms[n].shape[1] == _size(compiled.coordinates[n])]
        found = elementwise_masses(parents, single, bases, random_seed)
        masses |= {name: _Mass(value, 0.0) for name, value in found.items()}
        for name in (name for name in level if name not in single):
            tries = bases[:_BLOCK_PARENTS] if parents.of[name] else bases[:1]
            try:
                blocks = [_block(parents, name, base, random_seed) for base in tries]
            except EvidenceError as error:
                if not _is_standard(compiled, parents.variable[name]):
                    reasons.append(
                        f"prior_mass_unknown: the prior of {name!r} was not measured: {error}"
                    )
                continue
            masses[name] = max(blocks, key=lambda mass: abs(mass.stated))
    return {name: masses[name] for name in compiled.coordinates if name in masses}, reasons


def _size(part: slice) -> int:
    return int(part.stop - part.start)


def _block(parents: Parents, name: str, base: Floats, random_seed: int) -> _Mass:
    mass = _Mass(*block_mass(parents, name, base, random_seed))
    if not mass.error < _LARGEST_ERROR:
        raise EvidenceError(f"its log mass is {mass.value:.2f} ± {mass.error:.2f} nats")
    return mass


def _is_standard(compiled: CompiledModel, rv: TensorVariable) -> bool:
    """Whether distribution and transform are PyMC's own choice, whose mass is known to be one."""
    op = rv.owner.op
    if isinstance(op, CustomDistRV | CustomSymbolicDistRV):
        return False
    standard = type(_default_transform(op, rv))
    own = type(op).__module__.startswith(("pymc.", "pytensor."))
    return own and type(compiled.model.rvs_to_transforms[rv]) is standard


def _judge(masses: dict[str, _Mass]) -> list[str]:
    """Reasons against a prior whose factors have these masses."""
    wrong = {name: mass.value for name, mass in masses.items() if mass.is_wrong}
    if not wrong:
        return []
    # A constant among the Potentials may make up for a transform that keeps part of the space.
    if "potentials" in masses:
        total = sum(mass.value for mass in masses.values() if mass.is_wrong)
        if not _Mass(total, math.hypot(*(mass.error for mass in masses.values()))).is_wrong:
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


def _potentials(compiled: CompiledModel, random_seed: int) -> _Mass | str:
    """Log of the prior mean of the exponentiated Potentials, or why it is not known."""
    points = compiled.unconstrain(compiled.draw_prior(_POTENTIAL_DRAWS, random_seed))
    points = points[np.isfinite(points).all(axis=1)]
    weights = compiled.log_potential(points)
    log_mass = float(logsumexp(weights) - np.log(len(weights)))
    ratios = np.exp(weights - log_mass)
    error = float(np.std(ratios) / np.sqrt(len(ratios)))
    if not np.isfinite(log_mass) or not k_hat(weights) <= MAX_K_HAT or error > _LARGEST_ERROR:
        return (
            "prior_mass_unknown: the mean of the Potentials over the prior was not measured; its "
            f"error is {error:.2f} nats."
        )
    return _Mass(log_mass, error)
