"""The fleet over time: who was exposed when, and who leaked."""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

import numpy as np
import xarray as xr
from arviz_plots import visuals as azv
from arviz_plots.plot_collection import PlotCollection

from bayes_leaks.errors import ParameterError
from bayes_leaks.plots.collection import (
    COLORS,
    Aesthetic,
    checked_visuals,
    draw,
    open_collection,
    set_panels,
    set_yticks,
    vertical_lines,
    write,
)
from bayes_leaks.plots.rows import Labels, Rows, points
from bayes_leaks.plots.ticks import calendar_ticks
from bayes_leaks.record import LeakHistory
from bayes_leaks.record.times import TimeLike

__all__ = ["plot_timeline"]

type TimelineVisual = Literal[
    "exposure", "leak_time", "leak_line", "leak", "leak_label", "title", "xlabel", "legend"
]

_SHADES: Final = (0.35, 1.0)
_MOST_LABELS: Final = 12
"""With more leaks than this, labels would hide the fleet."""

_WIDTH_INCHES: Final = 10.0
_TITLE_AND_LEGEND_INCHES: Final = 1.6
_POINTS_PER_INCH: Final = 72


def plot_timeline(
    history: LeakHistory,
    *,
    since: TimeLike | None = None,
    plot_collection: PlotCollection | None = None,
    backend: str | None = None,
    visuals: Mapping[TimelineVisual, Mapping[str, Any] | bool] | None = None,
    **pc_kwargs: Any,
) -> PlotCollection:
    """Draw every asset's planned exposure over time, and the leaks.

    One thin bar an asset, in a block for each kind, the earliest at the top. Bars are dark where
    the asset shares its batch with one that leaked: that is what a hypothesis of manufacturing
    defects turns on. A dotted line through the fleet shows who else was exposed when a leak
    happened. Up to 40 assets are named.

    Parameters
    ----------
    history : LeakHistory
    since : time, optional
        Show only what is later, for a closer look. The title always counts the whole record.
    plot_collection : PlotCollection, optional
        Draw into this one.
    backend : {"matplotlib", "none", "plotly", "bokeh"}, optional
        Default: ArviZ's ``rcParams["plot.backend"]``.
    visuals : mapping of {str : mapping or bool}, optional
        False leaves a part away, a mapping changes how it is drawn. Parts:

        * exposure -> passed to :func:`arviz_plots.visuals.line_xy`
        * leak_time -> dotted lines; passed to :func:`arviz_plots.visuals.vline`
        * leak_line -> from a leak to its label; passed to :func:`arviz_plots.visuals.line_xy`
        * leak -> passed to :func:`arviz_plots.visuals.scatter_xy`
        * leak_label -> passed to the backend's ``text``
        * title -> passed to :func:`arviz_plots.visuals.labelled_title`
        * xlabel -> passed to :func:`arviz_plots.visuals.labelled_x`
        * legend -> passed to :meth:`arviz_plots.PlotCollection.add_legend`

        More than 12 leaks have neither lines nor labels.
    **pc_kwargs
        Passed to :meth:`arviz_plots.PlotCollection.grid`. By default color follows ``kind``, and
        alpha and width follow ``batch``.

    Returns
    -------
    PlotCollection

    Raises
    ------
    ParameterError
        `history` is not a history, nothing is exposed after `since`, or there is no such backend
        or part.

    Examples
    --------
    >>> from bayes_leaks.plots import plot_timeline
    >>> from bayes_leaks.record import load_iss
    >>> plot = plot_timeline(load_iss(), backend="none")
    >>> plot.viz["leak"]["leak"].item()["x"].round(2)
    array([22.95, 23.11])
    """
    parts = checked_visuals(visuals, get_args(TimelineVisual.__value__))
    rows = Rows.of(history, _first_shown(history, since))
    bars = rows.bars()
    width = max(0.7 * _POINTS_PER_INCH * rows.row_inches, 0.5)
    collection = open_collection(
        xr.Dataset({"exposure": bars}),
        plot_collection=plot_collection,
        backend=backend,
        size=(_WIDTH_INCHES, rows.inches + _TITLE_AND_LEGEND_INCHES),
        aesthetics={
            "color": Aesthetic("kind", COLORS),
            "alpha": Aesthetic("batch", _SHADES),
            "width": Aesthetic("batch", (width, 1.3 * width)),
        },
        pc_kwargs=pc_kwargs,
    )
    # Butt ends keep a bar as long as its exposure; other backends have them anyway.
    ends: dict[str, Any] = {"solid_capstyle": "butt"} if collection.backend == "matplotlib" else {}
    labels = rows.labels() if 0 < rows.events.size <= _MOST_LABELS else None
    if labels:
        _draw_lines(collection, parts, rows, labels)
    follow = ("color", "alpha", "width")
    draw(collection, parts, "exposure", azv.line_xy, bars, aes=follow, **ends)
    if rows.events.size:
        dot: dict[str, Any] = {"facecolor": "B1", "edgecolor": "B0", "size": 36}
        draw(collection, parts, "leak", azv.scatter_xy, points(rows.leaks()), **dot)
    if labels:
        _draw_labels(collection, parts, rows, labels)
    _draw_frame(collection, parts, rows)
    _draw_legends(collection, parts, rows)
    return collection


def _first_shown(history: LeakHistory, since: TimeLike | None) -> float:
    if not isinstance(history, LeakHistory):
        raise ParameterError(
            f"history: is a {type(history).__name__}, must be a LeakHistory. Make one with "
            "LeakHistory.from_csv, LeakHistory.from_frames or load_iss."
        )
    if since is None:
        return history.window[0]
    first = history.to_years(since)
    if not (history.end > first).any():
        raise ParameterError(
            f"since: no asset is exposed after {str(since)!r}; the last exposure ends at "
            f"{history.to_time(float(history.end.max()))}. Give an earlier time."
        )
    return max(first, history.window[0])


def _draw_lines(
    collection: PlotCollection, parts: Mapping[str, Any], rows: Rows, labels: Labels
) -> None:
    leaks = rows.leaks()
    times = xr.DataArray(leaks[:, 0], dims="event")
    dotted: dict[str, Any] = {"color": "B3", "linestyle": "C2", "width": 1}
    each = {"event": len(leaks)}
    draw(collection, parts, "leak_time", vertical_lines, times, artist_dims=each, **dotted)
    lines = points(np.stack([leaks, labels.places, np.full_like(leaks, np.nan)], 1).reshape(-1, 2))
    draw(collection, parts, "leak_line", azv.line_xy, lines, color="B2", width=0.8)


def _draw_labels(
    collection: PlotCollection, parts: Mapping[str, Any], rows: Rows, labels: Labels
) -> None:
    draw(
        collection,
        parts,
        "leak_label",
        write,
        points(labels.places),
        artist_dims={"event": len(labels.places)},
        text=_label_texts(rows),
        horizontal_align=labels.align,
        color="B1",
        size=9,
    )


def _label_texts(rows: Rows) -> list[str]:
    history = rows.history
    texts = []
    for asset, (time, _) in zip(history.event_asset[rows.events], rows.leaks(), strict=True):
        parts = [history.asset_id[asset], _time_text(history, time)]
        if history.batch_rule != "none":
            parts.append(f"batch {history.batch[asset]}")
        # Blanks keep the text from touching the line that ends at it.
        texts.append(f" {', '.join(parts)} ")
    return texts


def _draw_frame(collection: PlotCollection, parts: Mapping[str, Any], rows: Rows) -> None:
    epoch = rows.history.epoch
    panel = xr.DataArray(0.0)
    draw(collection, parts, "title", azv.labelled_title, panel, text=_title(rows), color="B1")
    time = "time (years)" if epoch is None else "date (UTC)"
    draw(collection, parts, "xlabel", azv.labelled_x, panel, text=time, color="B1")
    set_panels(collection, "set_xlim", limits=rows.time_span)
    set_panels(collection, "set_ylim", limits=rows.span)
    if epoch is not None:
        ticks, labels = calendar_ticks(rows.first, rows.last, epoch)
        set_panels(collection, "set_xticks", values=ticks, labels=labels)
    heights, names = rows.ticks()
    size = {"size": 8} if rows.named else {}
    set_panels(collection, set_yticks, values=heights, labels=names, **size)


def _title(rows: Rows) -> str:
    history = rows.history
    counts = f"{history.n_assets} asset{'s' if history.n_assets != 1 else ''}"
    if history.n_left_out:
        counts += f" ({history.n_left_out} left out)"
    leaks = f"{history.n_events} leak{'s' if history.n_events != 1 else ''}"
    first, last, shown = (_time_text(history, t) for t in (*history.window, rows.first))
    closer = f" (shown from {shown})" if rows.first > history.window[0] else ""
    rule = {"none": "none", "column": "given with the assets"}.get(
        history.batch_rule, history.batch_rule
    )
    return (
        f"{history.name}: {counts}, {history.exposure:.2f} asset-years, {leaks}\n"
        f"{first} to {last}{closer}; batch rule: {rule}"
    )


def _time_text(history: LeakHistory, years: float) -> str:
    time = history.to_time(float(years))
    return time[:10] if isinstance(time, str) else f"{time:.4g}"


def _draw_legends(collection: PlotCollection, parts: Mapping[str, Any], rows: Rows) -> None:
    wanted = parts.get("legend", True)
    if wanted is False:
        return
    plot: Any = collection
    # Bokeh has room for one legend a panel, and plotly's legends know no alpha.
    kind = rows.named and len(rows.kinds) > 1 and plot.backend != "bokeh"
    shading = "width" if plot.backend == "plotly" else "alpha"
    legends = [("kind", "color", "left")] * kind
    legends += [("batch", shading, "right")] * (rows.history.n_events > 0)
    for dim, aes, side in legends:
        keywords: dict[str, Any] = {"title": "", "aes": aes}
        if plot.backend == "matplotlib":
            keywords |= {"loc": f"outside lower {side}", "ncols": 4, "frameon": False}
            keywords["visual_kwargs"] = {"color": "#404040", "linewidth": 5}
        plot.add_legend(dim, **(keywords if wanted is True else keywords | dict(wanted)))
