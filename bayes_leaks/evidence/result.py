"""The result every estimator returns: a log marginal likelihood with its error and its verdict."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr

from bayes_leaks.errors import ParameterError

UNITS = "nats"
_LOG_ML = "log_marginal_likelihood"
_MCSE = "log_marginal_likelihood_mcse"
_N_EVALUATIONS = "n_evaluations"
_MAX_DECIMALS = 12


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """A log marginal likelihood, its error, and whether it can be trusted.

    The number of an untrusted estimate is withheld: `log_ml` and `mcse` are NaN, so that it
    cannot slip into a Bayes factor unseen. The values found stay in
    ``diagnostics["log_ml_untrusted"]`` and ``diagnostics["mcse_untrusted"]``.

    Parameters
    ----------
    log_ml : float
        Log marginal likelihood, in nats.
    mcse : float
        Monte Carlo (or numerical) standard error of `log_ml`, in nats; 0 for a closed form.
    method : str
        How it was computed, such as ``"bridge"``.
    n_evaluations : int
        Evaluations of the log density this estimate asked for.
    diagnostics : mapping of str to float
        Named numbers that support the verdict. Kept as a read-only copy.
    trusted : bool
        Whether every check passed: true exactly when `reasons` is empty.
    reasons : tuple of str, optional
        Why the number is not trusted, each ``"code: a sentence for people"``.
    data_digest : str, optional
        Hexadecimal digest of the data that the number belongs to; empty if not known. Numbers on
        different data cannot be compared.
    improper : tuple of str, optional
        Variables with an improper prior that the caller declared to be shared: the number has an
        arbitrary constant, which cancels only against models with the same ones.
    allow_untrusted : bool, optional
        Keep an untrusted number in `log_ml` and `mcse`. Not stored.

    Raises
    ------
    ParameterError
        If the fields contradict each other or are outside their range.

    Examples
    --------
    >>> Evidence(-12.34567, 0.0123, "bridge", 100, {}, True)
    Evidence(-12.346 ± 0.012 nats, bridge)
    >>> doubtful = Evidence(-12.3, 0.5, "bridge", 100, {}, False, ("high_k_hat: No overlap.",))
    >>> doubtful
    Evidence(nan nats, bridge, not trusted: high_k_hat)
    >>> doubtful.diagnostics["log_ml_untrusted"]
    -12.3
    """

    log_ml: float
    mcse: float
    method: str
    n_evaluations: int
    diagnostics: Mapping[str, float] = field(hash=False)
    trusted: bool
    reasons: tuple[str, ...] = ()
    data_digest: str = ""
    improper: tuple[str, ...] = ()
    allow_untrusted: InitVar[bool] = False

    def __post_init__(self, allow_untrusted: bool) -> None:
        """Check the fields, freeze the diagnostics and withhold an untrusted number."""
        diagnostics = {name: float(value) for name, value in self.diagnostics.items()}
        object.__setattr__(self, "reasons", tuple(self.reasons))
        object.__setattr__(self, "improper", tuple(sorted(self.improper)))
        object.__setattr__(self, "diagnostics", MappingProxyType(diagnostics))
        if problems := _problems(self):
            raise ParameterError("this evidence contradicts itself: " + "; ".join(problems))
        if not (self.trusted or allow_untrusted):
            diagnostics.setdefault("log_ml_untrusted", self.log_ml)
            diagnostics.setdefault("mcse_untrusted", self.mcse)
            object.__setattr__(self, "log_ml", math.nan)
            object.__setattr__(self, "mcse", math.nan)

    @property
    def codes(self) -> tuple[str, ...]:
        """The machine-readable codes of `reasons`."""
        return tuple(reason.partition(":")[0] for reason in self.reasons)

    @property
    def untrusted_numbers(self) -> tuple[float, float]:
        """`log_ml` and `mcse` as they were found, withheld or not."""
        return (
            self.diagnostics.get("log_ml_untrusted", self.log_ml),
            self.diagnostics.get("mcse_untrusted", self.mcse),
        )

    def distrusted(self, *reasons: str, allow_untrusted: bool = False) -> "Evidence":
        """Return the same estimate with further reasons against it, which come first.

        Parameters
        ----------
        *reasons : str
            Each ``"code: a sentence for people"``.
        allow_untrusted : bool, optional
            Keep the number in `log_ml` and `mcse` nevertheless.

        Returns
        -------
        Evidence
        """
        log_ml, mcse = self.untrusted_numbers
        return replace(
            self,
            log_ml=log_ml,
            mcse=mcse,
            trusted=False,
            reasons=(*reasons, *self.reasons),
            allow_untrusted=allow_untrusted,
        )

    def __repr__(self) -> str:
        """One line with only the digits that the error supports."""
        verdict = "" if self.trusted else f", not trusted: {', '.join(self.codes)}"
        return f"Evidence({_with_error(self.log_ml, self.mcse)} {UNITS}, {self.method}{verdict})"

    def __reduce__(self) -> tuple[Callable[..., "Evidence"], tuple[Any, ...]]:
        """Pickle through the constructor: a read-only mapping does not pickle by itself."""
        fields = (self.log_ml, self.mcse, self.method, self.n_evaluations)
        verdict = (dict(self.diagnostics), self.trusted, self.reasons)
        origin = (self.data_digest, self.improper)
        return partial(Evidence, allow_untrusted=True), fields + verdict + origin

    def to_dataset(self) -> xr.Dataset:
        """Turn the estimate into scalar variables that can be stored.

        Returns
        -------
        xarray.Dataset
            Variables ``log_marginal_likelihood`` and ``log_marginal_likelihood_mcse`` (nats),
            ``n_evaluations`` and one per diagnostic; attributes ``units``, ``method``,
            ``trusted`` (1 or 0), ``reasons`` and ``improper`` (JSON lists) and ``data_digest``.
        """
        variables: dict[str, Any] = {
            _LOG_ML: ((), self.log_ml, {"units": UNITS}),
            _MCSE: ((), self.mcse, {"units": UNITS}),
            _N_EVALUATIONS: ((), self.n_evaluations),
        }
        variables |= {name: ((), value) for name, value in self.diagnostics.items()}
        # NetCDF attributes know neither booleans nor lists of strings of length zero.
        attrs = {
            "units": UNITS,
            "method": self.method,
            "trusted": int(self.trusted),
            "reasons": json.dumps(self.reasons),
            "data_digest": self.data_digest,
            "improper": json.dumps(self.improper),
        }
        return xr.Dataset(variables, attrs=attrs)

    @classmethod
    def from_dataset(cls, dataset: xr.Dataset) -> "Evidence":
        """Read back what `to_dataset` wrote.

        Parameters
        ----------
        dataset : xarray.Dataset
            As written by `to_dataset`, in memory or from a file.

        Returns
        -------
        Evidence
            Equal to the stored one; a withheld number stays withheld.

        Raises
        ------
        ParameterError
            If a variable or an attribute is missing.
        """
        missing = [name for name in (_LOG_ML, _MCSE, _N_EVALUATIONS) if name not in dataset]
        missing += [name for name in ("method", "trusted", "reasons") if name not in dataset.attrs]
        if missing:
            raise ParameterError(
                f"dataset is not a stored evidence: {', '.join(missing)} missing. "
                "Give the dataset (or the group) that Evidence.to_dataset() wrote."
            )
        numbers = {str(name): float(variable) for name, variable in dataset.data_vars.items()}
        return cls(
            log_ml=numbers.pop(_LOG_ML),
            mcse=numbers.pop(_MCSE),
            method=str(dataset.attrs["method"]),
            n_evaluations=int(numbers.pop(_N_EVALUATIONS)),
            diagnostics=numbers,
            trusted=bool(dataset.attrs["trusted"]),
            reasons=tuple(json.loads(dataset.attrs["reasons"])),
            data_digest=str(dataset.attrs.get("data_digest", "")),
            improper=tuple(json.loads(dataset.attrs.get("improper", "[]"))),
            allow_untrusted=True,
        )


def _problems(evidence: Evidence) -> list[str]:
    """Every way in which the fields break a rule."""
    problems = []
    reserved = {_LOG_ML, _MCSE, _N_EVALUATIONS} & set(evidence.diagnostics)
    if reserved:
        problems.append(f"diagnostics uses the reserved name {', '.join(sorted(reserved))}")
    if evidence.trusted and evidence.reasons:
        problems.append(f"trusted=True with reasons {evidence.reasons}")
    if evidence.trusted and not (math.isfinite(evidence.log_ml) and math.isfinite(evidence.mcse)):
        problems.append(f"trusted=True with log_ml={evidence.log_ml}, mcse={evidence.mcse}")
    if not (evidence.trusted or evidence.reasons):
        problems.append("trusted=False without a reason")
    if unnamed := [reason for reason in evidence.reasons if ": " not in reason]:
        problems.append(f"reasons must read 'code: sentence', got {unnamed[0]!r}")
    if evidence.mcse < 0:
        problems.append(f"mcse must be 0 or more, got {evidence.mcse}")
    if evidence.n_evaluations < 0:
        problems.append(f"n_evaluations must be 0 or more, got {evidence.n_evaluations}")
    return problems


def _with_error(value: float, error: float) -> str:
    """Format ``value ± error`` with two significant digits of the error."""
    if not math.isfinite(value):
        return "nan"
    if not math.isfinite(error) or error == 0:
        return np.format_float_positional(value, precision=_MAX_DECIMALS, trim="0")
    decimals = min(max(1 - math.floor(math.log10(error)), 0), _MAX_DECIMALS)
    # Rounding can carry the error to the next power of ten: 0.0996 is 0.10, not 0.100.
    if decimals > 0 and round(error, decimals) >= 10.0 ** (2 - decimals):
        decimals -= 1
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"
