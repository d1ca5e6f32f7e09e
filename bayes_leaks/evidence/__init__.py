"""How strongly the record speaks: marginal likelihoods with honest errors, from NumPy arrays."""

from bayes_leaks.evidence.bayes_factor import LogBayesFactor
from bayes_leaks.evidence.bridge import bridge
from bayes_leaks.evidence.importance import importance
from bayes_leaks.evidence.quadrature import quadrature
from bayes_leaks.evidence.reciprocal import reciprocal
from bayes_leaks.evidence.result import Evidence
from bayes_leaks.evidence.smc import smc

__all__ = [
    "Evidence",
    "LogBayesFactor",
    "bridge",
    "importance",
    "quadrature",
    "reciprocal",
    "smc",
]
