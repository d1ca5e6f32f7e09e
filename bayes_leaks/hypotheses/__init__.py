"""What could have made the record: the competing hypotheses, their parameters and priors."""

from bayes_leaks.hypotheses.base import Hypothesis
from bayes_leaks.hypotheses.common import CommonCause
from bayes_leaks.hypotheses.competing import CompetingCauses
from bayes_leaks.hypotheses.defect import ManufacturingDefect
from bayes_leaks.hypotheses.layout import Layout
from bayes_leaks.hypotheses.random import RandomMicrometeoroid

__all__ = [
    "CommonCause",
    "CompetingCauses",
    "Hypothesis",
    "Layout",
    "ManufacturingDefect",
    "RandomMicrometeoroid",
]
