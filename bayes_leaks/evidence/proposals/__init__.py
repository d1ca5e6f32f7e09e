"""Proposal densities: what the posterior is compared with."""

from bayes_leaks.evidence.proposals.base import FittedProposal, Proposal, sobol_normals
from bayes_leaks.evidence.proposals.defended import Defended
from bayes_leaks.evidence.proposals.mixture import StudentMixtureProposal
from bayes_leaks.evidence.proposals.normal import NormalProposal
from bayes_leaks.evidence.proposals.reflected import ReflectedProposal
from bayes_leaks.evidence.proposals.student import StudentProposal
from bayes_leaks.evidence.proposals.warped import WarpedProposal

__all__ = [
    "Defended",
    "FittedProposal",
    "NormalProposal",
    "Proposal",
    "ReflectedProposal",
    "StudentMixtureProposal",
    "StudentProposal",
    "WarpedProposal",
    "sobol_normals",
]
