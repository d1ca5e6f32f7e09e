"""The numbers behind the plot of Bayes factors, read from a comparison."""

from dataclasses import dataclass
from typing import Final, Protocol, Self, runtime_checkable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayes_leaks.errors import ParameterError
from bayes_leaks.plots.ticks import factor_text

__all__ = ["BAND_ENDS", "Factors", "HasDataTree", "comparison_group"]

_NEEDED: Final = ("log_bayes_factor", "log_bayes_factor_mcse", "trusted")
_NORMAL_95: Final = 1.96

BAND_ENDS: Final = np.array([0.0, 2.0, 6.0, 10.0]) / (2 * np.log(10))
"""Kass and Raftery's bounds on twice the natural logarithm, as logarithms to base ten."""


@runtime_checkable
class HasDataTree(Protocol):
    """A Comparison, as far as plots know it."""

    def to_datatree(self) -> xr.DataTree:
        """Return it as a tree with the group ``comparison``."""


def comparison_group(comparison: HasDataTree | xr.DataTree) -> xr.Dataset:
    """Return the group ``comparison`` after checking that the plot can be drawn from it.

    Raises
    ------
    ParameterError
        It is not a comparison, or lacks something.
    """
    if isinstance(comparison, HasDataTree):
        comparison = comparison.to_datatree()
    if not isinstance(comparison, xr.DataTree):
        raise ParameterError(
            f"comparison: is a {type(comparison).__name__}, must be a Comparison or its DataTree. "
            "Give what compare() returned."
        )
    if "comparison" not in comparison.children:
        found = ", ".join(comparison.children) or "none"
        raise ParameterError(
            f"comparison: the DataTree has no group 'comparison'; its groups are: {found}. "
            "Give what Comparison.to_datatree() returned."
        )
    group = comparison["comparison"].to_dataset()
    missing = [name for name in _NEEDED if name not in group]
    if missing:
        raise ParameterError(
            f"comparison: the group 'comparison' lacks {', '.join(missing)}. "
            "Give what Comparison.to_datatree() returned."
        )
    return group


@dataclass(frozen=True)
class Factors:
    """The numbers drawn, by model in the order of the comparison; logarithms to base ten.

    `trusted` needs the evidence of both the model and the reference to be trusted.
    """

    names: tuple[str, ...]
    titles: tuple[str, ...]
    reference: int
    log10: NDArray[np.float64]
    half_width: NDArray[np.float64]
    trusted: NDArray[np.bool_]

    @classmethod
    def of(cls, group: xr.Dataset, reference: str | None) -> Self:
        """Take the numbers of the group ``comparison``.

        Raises
        ------
        ParameterError
            The reference was not compared.
        """
        names = tuple(str(name) for name in group["model"].values)
        if reference is None:
            reference = "random" if "random" in names else names[0]
        if reference not in names:
            raise ParameterError(
                f"reference: {reference!r} was not compared. Choose from {', '.join(names)}."
            )
        pairs = group.sel(model_b=reference).reindex(model_a=list(names))
        titles = group["title"].values if "title" in group else names
        trusted: NDArray[np.bool_] = group["trusted"].values.astype(bool)
        return cls(
            names=names,
            titles=tuple(str(title) for title in titles),
            reference=names.index(reference),
            log10=pairs["log_bayes_factor"].values.astype(float) / np.log(10),
            half_width=_NORMAL_95 * pairs["log_bayes_factor_mcse"].values / np.log(10),
            trusted=trusted & trusted[names.index(reference)],
        )

    @property
    def height(self) -> NDArray[np.float64]:
        """Row of each model, the first at the top and the last at 0."""
        return np.arange(len(self.names), dtype=float)[::-1]

    @property
    def has_dot(self) -> NDArray[np.bool_]:
        """Whether the Bayes factor is a finite number; infinite ones stand at the edge as text."""
        finite: NDArray[np.bool_] = np.isfinite(self.log10)
        return finite

    @property
    def others(self) -> NDArray[np.bool_]:
        """Which models are not the reference."""
        others: NDArray[np.bool_] = np.arange(len(self.names)) != self.reference
        return others

    def limits(self) -> tuple[float, float]:
        """Return the ends of the axis: all intervals and all bands, with room for labels."""
        reach = np.nan_to_num(self.half_width)[self.has_dot]
        least = BAND_ENDS[-1] + 0.6
        low = min(-least, (self.log10[self.has_dot] - reach).min(initial=-least))
        high = max(least, (self.log10[self.has_dot] + reach).max(initial=least))
        room = 0.08 * (high - low)
        # A band that reaches the edge needs no room; a dot's label does.
        return (low - room if low < -least else low), (high + room if high > least else high)

    def texts(self) -> list[str]:
        """Say each model's Bayes factor, and whether to trust it."""
        texts = []
        for index, log10 in enumerate(self.log10):
            if index == self.reference:
                text = "1 (reference)"
            elif np.isnan(log10):
                text = "no number"
            else:
                text = factor_text(float(log10))
            if np.isinf(log10):
                text += ", off the axis"
            if not self.trusted[index]:
                text += ", not trusted"
            elif np.isnan(self.half_width[index]) and np.isfinite(log10):
                text += ", error unknown"
            texts.append(text)
        return texts
