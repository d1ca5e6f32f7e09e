"""Was that cluster of failures a coincidence? Competing models of rare leaks, compared.

Names are imported when first used, so that ``import bayes_leaks`` takes no time.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bayes_leaks.comparing import compare, make_hypotheses
    from bayes_leaks.comparison import Comparison
    from bayes_leaks.errors import BayesLeaksError
    from bayes_leaks.estimating import log_evidence
    from bayes_leaks.evidence import Evidence, LogBayesFactor
    from bayes_leaks.fitting import fit
    from bayes_leaks.hypotheses import (
        CommonCause,
        CompetingCauses,
        Hypothesis,
        ManufacturingDefect,
        RandomMicrometeoroid,
    )
    from bayes_leaks.nested_models import encompassing, savage_dickey
    from bayes_leaks.plots import plot_bayes_factors, plot_prior_posterior, plot_timeline, save_plot
    from bayes_leaks.record import LeakHistory, iss_sources, load_iss

# Written out, since type checkers read no computed list.
__all__ = [
    "BayesLeaksError", "CommonCause", "Comparison", "CompetingCauses", "Evidence", "Hypothesis",
    "LeakHistory", "LogBayesFactor", "ManufacturingDefect", "RandomMicrometeoroid", "compare",
    "encompassing", "fit", "iss_sources", "load_iss", "log_evidence", "make_hypotheses",
    "plot_bayes_factors", "plot_prior_posterior", "plot_timeline", "savage_dickey", "save_plot",
]  # fmt: skip

_MODULES = {
    "record": ("LeakHistory", "iss_sources", "load_iss"),
    "hypotheses": (
        "CommonCause", "CompetingCauses", "Hypothesis", "ManufacturingDefect",
        "RandomMicrometeoroid",
    ),
    "estimating": ("log_evidence",), "fitting": ("fit",),
    "evidence": ("Evidence", "LogBayesFactor"), "errors": ("BayesLeaksError",),
    "comparing": ("compare", "make_hypotheses"), "comparison": ("Comparison",),
    "nested_models": ("encompassing", "savage_dickey"),
    "plots": ("plot_bayes_factors", "plot_prior_posterior", "plot_timeline", "save_plot"),
}  # fmt: skip
# No module may be named like one of these: importing it would hide the name.
_HOME = {name: module for module, names in _MODULES.items() for name in names}
__version__ = version("bayes-leaks")


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
