"""A proposal with a share of a wider one, so that no weight is without bound where the fit errs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.proposals.base import Proposal
from bayes_leaks.evidence.proposals.normal import NormalProposal
from bayes_leaks.evidence.proposals.student import StudentProposal

# One point in this many comes from the wide part.
_WIDE_EVERY = 8
_WIDER = 1.5
_WIDE_DF = 4.0
SMALLEST_SET = _WIDE_EVERY
"""A smaller set of points would have none of the wide part."""


@dataclass(frozen=True, slots=True)
class Defended:
    """A fitted proposal with a share of a wider one that has heavier tails.

    Parameters
    ----------
    fitted, wide : Proposal

    References
    ----------
    .. [1] Hesterberg, T. (1995). Weighted average importance sampling and defensive mixture
       distributions. Technometrics 37, 185-194. https://doi.org/10.1080/00401706.1995.10484303
    .. [2] Owen, A. and Zhou, Y. (2000). Safe and effective importance sampling. Journal of the
       American Statistical Association 95, 135-143.
       https://doi.org/10.1080/01621459.2000.10473909
    """

    fitted: Proposal
    wide: Proposal

    @classmethod
    def around(cls, fitted: Proposal, points: Floats) -> "Defended":
        """Defend a proposal fitted to points (n, d)."""
        normal = NormalProposal.fit(points)
        wide = NormalProposal(normal.mean, _WIDER * normal.factor)
        return cls(fitted, StudentProposal(wide, _WIDE_DF))

    def log_density(self, points: Floats) -> Floats:
        """Log density of points (n, d), in nats, as shape (n,)."""
        fitted = np.log1p(-1.0 / _WIDE_EVERY) + self.fitted.log_density(points)
        wide = -np.log(_WIDE_EVERY) + self.wide.log_density(points)
        return np.asarray(np.logaddexp(fitted, wide))

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Draw `size` (a power of two, 8 or more) points (size, d).

        Exactly one in eight is from the wide part: had chance a say in how many, it would add an
        error that Sobol sets do not have. The order is by part.
        """
        wide = size // _WIDE_EVERY
        fitted = self.fitted.draw(size, rng)[: size - wide]
        return np.concatenate([fitted, self.wide.draw(wide, rng)])

    def images(self, points: Floats) -> Floats:
        """Use those of the fitted part; the wide part has the same centre."""
        return self.fitted.images(points)


def defended(fit: Callable[[Floats], Proposal]) -> Callable[[Floats], Proposal]:
    """Let a way of fitting a proposal to draws (n, d) give a defended one."""
    return lambda draws: Defended.around(fit(draws), draws)
