"""Bayes factors of all models against one, with their errors and what they are worth in words."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any, Final, Literal, get_args

import numpy as np
import xarray as xr
from arviz_plots import visuals as azv
from arviz_plots.plot_collection import PlotCollection

from bayes_leaks.plots.collection import (
    COLORS,
    checked_visuals,
    draw,
    open_collection,
    set_panels,
    set_yticks,
    shade,
    write,
)
from bayes_leaks.plots.factors import BAND_ENDS, Factors, HasDataTree, comparison_group
from bayes_leaks.plots.rows import points
from bayes_leaks.plots.ticks import log_ticks, power_text

__all__ = ["plot_bayes_factors"]

type BayesFactorVisual = Literal[
    "bands",
    "band_names",
    "reference",
    "interval",
    "trusted",
    "untrusted",
    "label",
    "title",
    "xlabel",
]

_BAND_NAMES: Final = ("bare\nmention", "positive", "strong", "very\nstrong")
_BAND_SHADES: Final = (0.0, 0.10, 0.20, 0.30)

_WIDTH_INCHES: Final = 10.0
_PANEL_INCHES: Final = 7.0
_ROW_INCHES: Final = 0.62
_FRAME_INCHES: Final = 1.9
_LETTER_INCHES: Final = 0.085
_TITLE_LETTERS: Final = 24


def plot_bayes_factors(
    comparison: HasDataTree | xr.DataTree,
    *,
    reference: str | None = None,
    plot_collection: PlotCollection | None = None,
    backend: str | None = None,
    visuals: Mapping[BayesFactorVisual, Mapping[str, Any] | bool] | None = None,
    **pc_kwargs: Any,
) -> PlotCollection:
    """Draw the Bayes factor of every model against a reference, on a logarithmic axis.

    A dot is the Bayes factor, its bar a 95 % interval (1.96 Monte Carlo standard errors either
    way; hidden where it is shorter than the dot). Shades name what a Bayes factor is worth after
    Kass and Raftery [1]_. Where the evidence of the model or of the reference is not trusted, the
    dot is hollow and the label says so; where it has no number, the label stands alone. No model
    is left away.

    Parameters
    ----------
    comparison : Comparison or DataTree
        A Comparison, or what its ``to_datatree`` gave.
    reference : str, optional
        Name of a model. Default: "random" where it was compared, otherwise the first.
    plot_collection : PlotCollection, optional
        Draw into this one.
    backend : {"matplotlib", "none", "plotly", "bokeh"}, optional
        Default: ArviZ's ``rcParams["plot.backend"]``.
    visuals : mapping of {str : mapping or bool}, optional
        False leaves a part away, a mapping changes how it is drawn. Positions along x are
        logarithms of the Bayes factor to base ten. Parts:

        * bands -> passed to the backend's ``vspan``
        * band_names, label -> passed to the backend's ``text``
        * reference -> the line at 1; passed to :func:`arviz_plots.visuals.line_xy`
        * interval -> passed to :func:`arviz_plots.visuals.line_xy`
        * trusted, untrusted -> dots; passed to :func:`arviz_plots.visuals.scatter_xy`
        * title -> passed to :func:`arviz_plots.visuals.labelled_title`
        * xlabel -> passed to :func:`arviz_plots.visuals.labelled_x`
    **pc_kwargs
        Passed to :meth:`arviz_plots.PlotCollection.grid`.

    Returns
    -------
    PlotCollection

    Raises
    ------
    ParameterError
        `comparison` does not hold a comparison, the reference was not compared, or there is no
        such backend or part.

    References
    ----------
    .. [1] Kass and Raftery (1995). Bayes factors. Journal of the American Statistical
       Association 90, 773-795. https://doi.org/10.1080/01621459.1995.10476572

    Examples
    --------
    >>> import xarray as xr
    >>> from bayes_leaks.plots import plot_bayes_factors
    >>> pair = {"model_a": ["random", "defect"], "model_b": ["random", "defect"]}
    >>> comparison = xr.Dataset(
    ...     {
    ...         "log_bayes_factor": (("model_a", "model_b"), [[0.0, -2.0], [2.0, 0.0]]),
    ...         "log_bayes_factor_mcse": (("model_a", "model_b"), [[0.0, 0.01], [0.01, 0.0]]),
    ...         "trusted": ("model", [True, True]),
    ...     },
    ...     coords={"model": ["random", "defect"], **pair},
    ... )
    >>> tree = xr.DataTree.from_dict({"comparison": comparison})
    >>> plot = plot_bayes_factors(tree, backend="none")
    >>> [label["string"] for label in plot.viz["label"]["label"].values]
    ['1 (reference)', '7.39']
    """
    parts = checked_visuals(visuals, get_args(BayesFactorVisual.__value__))
    factors = Factors.of(comparison_group(comparison), reference)
    collection = open_collection(
        xr.Dataset({"log10_bayes_factor": ("model", factors.log10)}),
        plot_collection=plot_collection,
        backend=backend,
        size=(_WIDTH_INCHES, _ROW_INCHES * (len(factors.names) + 1) + _FRAME_INCHES),
        aesthetics={},
        pc_kwargs=pc_kwargs,
    )
    _draw_bands(collection, parts, factors)
    _draw_dots(collection, parts, factors)
    _draw_labels(collection, parts, factors)
    _draw_frame(collection, parts, factors)
    return collection


def _bands(limits: tuple[float, float]) -> list[tuple[float, float, int]]:
    """Cut the axis at the bounds: left end, right end and index of the name, from the left."""
    outer = np.append(BAND_ENDS[1:], max(abs(limits[0]), abs(limits[1])))
    right = [(low, high, i) for i, (low, high) in enumerate(zip(BAND_ENDS, outer, strict=True))]
    left = [(-high, -low, i) for low, high, i in reversed(right[1:])]
    bands = [*left, (-right[0][1], right[0][1], 0), *right[1:]]
    return [(max(low, limits[0]), min(high, limits[1]), i) for low, high, i in bands]


def _draw_bands(collection: PlotCollection, parts: Mapping[str, Any], factors: Factors) -> None:
    limits = factors.limits()
    bands = _bands(limits)
    spans = xr.DataArray([band[:2] for band in bands], dims=("band", "bound"))
    shades = [_BAND_SHADES[band[2]] for band in bands]
    each = {"band": len(bands)}
    draw(collection, parts, "bands", shade, spans, artist_dims=each, alphas=shades, color="#808080")
    texts, places = [], []
    for low, high, index in bands:
        name = _BAND_NAMES[index]
        longest = max(map(len, name.split("\n")))
        if longest * _letter(*limits) <= high - low:
            texts.append(name)
            places.append(((low + high) / 2, len(factors.names) - 0.05))
    named: dict[str, Any] = {
        "artist_dims": {"band": len(texts)},
        "text": texts,
        "color": "B2",
        "size": 9,
    }
    if texts:
        draw(collection, parts, "band_names", write, points(np.array(places)), **named)
    # Up to the reference's own row, below the names of the bands.
    line = np.array([[0.0, -0.5], [0.0, len(factors.names) - 0.5]])
    draw(collection, parts, "reference", azv.line_xy, points(line), color="B2", width=1)


def _letter(low: float, high: float) -> float:
    """Return about how wide a letter is on an axis with these ends."""
    return (high - low) * _LETTER_INCHES / _PANEL_INCHES


def _draw_dots(collection: PlotCollection, parts: Mapping[str, Any], factors: Factors) -> None:
    at = np.column_stack([factors.log10, factors.height])
    barred = factors.has_dot & factors.others & np.isfinite(factors.half_width)
    if barred.any():
        reach = np.column_stack([factors.half_width, np.zeros(len(at))])[barred]
        gap = np.full_like(reach, np.nan)
        lines = np.stack([at[barred] - reach, at[barred] + reach, gap], axis=1).reshape(-1, 2)
        draw(collection, parts, "interval", azv.line_xy, points(lines), color=COLORS[0], width=2)
    fills = {"trusted": (factors.trusted, COLORS[0]), "untrusted": (~factors.trusted, "B0")}
    for name, (chosen, fill_color) in fills.items():
        shown = factors.has_dot & chosen & factors.others
        if shown.any():
            look: dict[str, Any] = {
                "facecolor": fill_color,
                "edgecolor": COLORS[0],
                "size": 60,
                "width": 1.5,
            }
            draw(collection, parts, name, azv.scatter_xy, points(at[shown]), **look)


def _draw_labels(collection: PlotCollection, parts: Mapping[str, Any], factors: Factors) -> None:
    texts = factors.texts()
    low, high = factors.limits()
    half = np.array([len(text) / 2 + 1 for text in texts]) * _letter(low, high)
    # Beside the line at 1 where there is no dot that the text could stand above.
    beside = np.isnan(factors.log10) | ~factors.others
    x = np.clip(np.where(beside, half, factors.log10), low + half, high - half)
    places = points(np.column_stack([x, factors.height + 0.2]))
    look: dict[str, Any] = {
        "artist_dims": {"of": len(x)},
        "vertical_align": "bottom",
        "color": "B1",
        "size": 10,
    }
    draw(collection, parts, "label", write, places, text=texts, **look)


def _draw_frame(collection: PlotCollection, parts: Mapping[str, Any], factors: Factors) -> None:
    panel = xr.DataArray(0.0)
    name = factors.titles[factors.reference]
    title = f"Bayes factors against: {name}"
    draw(collection, parts, "title", azv.labelled_title, panel, text=title, color="B1")
    draw(collection, parts, "xlabel", azv.labelled_x, panel, text=_caption(factors), color="B1")
    limits = factors.limits()
    set_panels(collection, "set_xlim", limits=limits)
    set_panels(collection, "set_ylim", limits=(-0.5, len(factors.names) + 0.35))
    ticks, labels = log_ticks(*limits, text=_fraction_text)
    set_panels(collection, "set_xticks", values=ticks, labels=labels)
    rows = [fill(title, _TITLE_LETTERS) for title in factors.titles]
    heights = factors.height.tolist()
    set_panels(collection, set_yticks, values=heights, labels=rows)


def _fraction_text(power: int) -> str:
    return power_text(power) if power >= 0 else f"1/{power_text(-power)}"


def _caption(factors: Factors) -> str:
    lines = [
        "Bayes factor, logarithmic scale (right of 1: the record speaks for the model in the row)",
        "Bars: 95 % interval of the computation; not seen where shorter than the dot.",
        "Shades (Kass and Raftery, 2 ln BF): 0 to 2 not worth more than a bare mention,",
        "2 to 6 positive, 6 to 10 strong, above 10 very strong; in both directions.",
    ]
    if not factors.trusted.all():
        lines[1] += " Hollow: not trusted."
    return "\n".join(lines)
