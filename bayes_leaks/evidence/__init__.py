"""How strongly the record speaks: marginal likelihoods with honest errors, from NumPy arrays."""

from bayes_leaks.evidence.bridge import bridge
from bayes_leaks.evidence.quadrature import quadrature
from bayes_leaks.evidence.result import Evidence

__all__ = ["Evidence", "bridge", "quadrature"]
