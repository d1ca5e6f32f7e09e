"""What the record taught: the prior and the posterior of every free parameter."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import arviz_plots
import numpy as np
import xarray as xr
from arviz_plots.plot_collection import PlotCollection
from numpy.typing import NDArray

from bayes_leaks.errors import ParameterError
from bayes_leaks.plots.collection import COLORS, backend_name, figure_keywords, set_panels
from bayes_leaks.plots.ticks import log_ticks

__all__ = ["plot_prior_posterior"]

# Its types know neither all back ends nor all visuals.
_draw: Final[Callable[..., PlotCollection]] = arviz_plots.plot_prior_posterior

_SHOWN: Final = (0.005, 0.995)
"""Quantiles of the prior and of the posterior between which the axis reaches."""

_NEAR_ZERO: Final = 0.05
"""A linear axis that begins at less than this part of its end begins at 0."""

_COLUMNS: Final = 3
_PANEL_INCHES: Final = (3.6, 2.4)


def plot_prior_posterior(
    fit: xr.DataTree,
    *,
    var_names: str | Sequence[str] | None = None,
    log_scale: Collection[str] | None = None,
    plot_collection: PlotCollection | None = None,
    backend: str | None = None,
    visuals: Mapping[str, Mapping[str, Any] | bool] | None = None,
    **pc_kwargs: Any,
) -> PlotCollection:
    """Draw prior and posterior density of every parameter, one panel each.

    Drawn by :func:`arviz_plots.plot_prior_posterior`. Parameters with long tails have a
    logarithmic axis, and their density is that of the logarithm. An axis reaches over the 0.5 %
    to 99.5 % quantiles of the prior and of the posterior; panels of one variable share theirs.

    Parameters
    ----------
    fit : DataTree
        With the groups ``prior`` and ``posterior``, dimensions chain and draw. Units are taken
        from the attribute ``units`` of the posterior's variables.
    var_names : str or sequence of str, optional
        Default: every variable of both groups.
    log_scale : collection of str, optional
        Variables with a logarithmic axis. Default: positive ones whose prior is less skewed so,
        except fractions (all prior draws at most 1, unit "dimensionless" or none).
    plot_collection : PlotCollection, optional
        Draw into this one.
    backend : {"matplotlib", "none", "plotly", "bokeh"}, optional
        Default: ArviZ's ``rcParams["plot.backend"]``.
    visuals : mapping of {str : mapping or bool}, optional
        Passed to :func:`arviz_plots.plot_prior_posterior`.
    **pc_kwargs
        Passed to :func:`arviz_plots.plot_prior_posterior`, such as `kind`, `coords`, `aes` or
        `figure_kwargs`.

    Returns
    -------
    PlotCollection

    Raises
    ------
    ParameterError
        A group or variable is missing, a variable with a logarithmic axis is not positive, or
        draws are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> from bayes_leaks.plots import plot_prior_posterior
    >>> rng = np.random.default_rng(1)
    >>> draws = {sigma: (("chain", "draw"), rng.lognormal(0, sigma, (2, 500))) for sigma in (1, 2)}
    >>> fit = xr.DataTree.from_dict(
    ...     {name: xr.Dataset({"latency": draws[sigma]})
    ...      for name, sigma in (("prior", 2), ("posterior", 1))}
    ... )
    >>> plot = plot_prior_posterior(fit, backend="none")
    >>> list(plot.viz["dist"].data_vars), plot.viz["dist"]["latency"].sizes["group"]
    (['latency'], 2)
    """
    groups = _groups(fit, var_names)
    logarithmic = _log_variables(groups, log_scale)
    name = backend_name(backend, plot_collection)
    drawn = {
        group: dataset.map(lambda v: np.log10(v) if v.name in logarithmic else v, keep_attrs=True)
        for group, dataset in groups.items()
    }
    keywords = dict(pc_kwargs)
    if plot_collection is None:
        _set_looks(keywords, name, groups["posterior"])
    collection = _draw(
        xr.DataTree.from_dict(drawn),
        plot_collection=plot_collection,
        backend=name,
        visuals={"face": {"alpha": 0.15}, **(visuals or {})},
        **keywords,
    )
    for variable in groups["posterior"].data_vars:
        _set_axis(collection, str(variable), drawn, logarithmic)
    return collection


def _groups(fit: xr.DataTree, var_names: str | Sequence[str] | None) -> dict[str, xr.Dataset]:
    if not isinstance(fit, xr.DataTree):
        raise ParameterError(
            f"fit: is a {type(fit).__name__}, must be a DataTree. Give what fit() returned."
        )
    missing = [group for group in ("prior", "posterior") if group not in fit.children]
    if missing:
        found = ", ".join(fit.children) or "none"
        raise ParameterError(
            f"fit: has no group {' and no group '.join(missing)}; its groups are: {found}. "
            "Give what fit() returned."
        )
    prior, posterior = fit["prior"].to_dataset(), fit["posterior"].to_dataset()
    common = [str(variable) for variable in posterior.data_vars if variable in prior]
    names = [var_names] if isinstance(var_names, str) else list(var_names or common)
    unknown = [repr(name) for name in names if name not in common]
    if unknown or not names:
        raise ParameterError(
            f"var_names: {', '.join(unknown) or 'nothing'} is not in both prior and posterior. "
            f"Choose from {', '.join(common) or 'none'}."
        )
    groups = {"prior": prior[names], "posterior": posterior[names]}
    bad = [
        f"{group}/{name}"
        for group, dataset in groups.items()
        for name in names
        if not np.isfinite(dataset[name]).all()
    ]
    if bad:
        raise ParameterError(f"fit: draws of {', '.join(bad)} are not all finite.")
    return groups


def _log_variables(
    groups: Mapping[str, xr.Dataset], asked: Collection[str] | None
) -> frozenset[str]:
    names = [str(name) for name in groups["posterior"].data_vars]
    positive = [name for name in names if all((g[name] > 0).all() for g in groups.values())]
    if asked is None:
        return frozenset(name for name in positive if _is_long_tailed(groups, name))
    asked = [asked] if isinstance(asked, str) else list(asked)
    wrong = [repr(name) for name in asked if name not in positive]
    if wrong:
        raise ParameterError(
            f"log_scale: {', '.join(wrong)} is not drawn or not positive throughout. "
            f"Choose from {', '.join(positive) or 'none'}."
        )
    return frozenset(asked)


def _is_long_tailed(groups: Mapping[str, xr.Dataset], name: str) -> bool:
    prior = groups["prior"][name].values
    units = groups["posterior"][name].attrs.get("units", "dimensionless")
    if units == "dimensionless" and (prior <= 1).all():
        return False
    return abs(_skewness(np.log(prior))) < abs(_skewness(prior))


def _skewness(draws: NDArray[np.float64]) -> float:
    """Compare the tails beyond the median, from -1 to 1; not upset by single far draws."""
    low, middle, high = np.quantile(draws, (0.01, 0.5, 0.99))
    return float((high + low - 2 * middle) / (high - low)) if high > low else 0.0


def _set_looks(keywords: dict[str, Any], backend: str, posterior: xr.Dataset) -> None:
    aes = {"color": ["group"], "linestyle": ["group"], **keywords.get("aes", {})}
    keywords["aes"] = aes
    keywords.setdefault("color", ["#6E6E6E", COLORS[0]])
    # Dashes tell prior and posterior apart in print, too.
    keywords.setdefault("linestyle", ["C1", "C0"])
    keywords.setdefault("col_wrap", _COLUMNS)
    sampled = posterior.attrs.get("sample_dims", ("chain", "draw"))
    panels = sum(
        int(np.prod([size for dim, size in variable.sizes.items() if dim not in sampled]))
        for variable in posterior.data_vars.values()
    )
    columns = min(panels, int(keywords["col_wrap"]))
    width, height = _PANEL_INCHES
    size = (width * columns + 1.0, height * -(-panels // columns) + 0.3)
    keywords["figure_kwargs"] = figure_keywords(backend, size, keywords.get("figure_kwargs", {}))


def _set_axis(
    collection: PlotCollection,
    name: str,
    drawn: Mapping[str, xr.Dataset],
    logarithmic: frozenset[str],
) -> None:
    ends = np.array([np.quantile(dataset[name], _SHOWN) for dataset in drawn.values()])
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    if name not in logarithmic and 0 <= low < _NEAR_ZERO * high:
        low = 0.0
    units = drawn["posterior"][name].attrs.get("units", "")
    text = f"{units} (log scale)".strip() if name in logarithmic else units
    here: dict[str, Any] = {"var_names": [name]}
    if high > low:
        set_panels(collection, "set_xlim", limits=(low, high), **here)
    if name in logarithmic:
        ticks, labels = log_ticks(low, high, most=6)
        set_panels(collection, "set_xticks", values=ticks, labels=labels, **here)
    set_panels(collection, "labelled_x", text=text, color="B1", **here)
