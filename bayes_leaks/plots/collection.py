"""What the plots share: opening a PlotCollection, drawing one visual of it, writing texts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr
from arviz_base import rcParams
from arviz_plots.plot_collection import PlotCollection, backend_from_object
from numpy.typing import NDArray

from bayes_leaks.errors import ParameterError

__all__ = [
    "BACKENDS",
    "COLORS",
    "Aesthetic",
    "backend_name",
    "checked_visuals",
    "draw",
    "figure_keywords",
    "open_collection",
    "set_panels",
    "set_yticks",
    "shade",
    "vertical_lines",
    "write",
]

# Most of arviz-plots has no types; these names keep that in one place.
_new_collection: Final[Callable[..., PlotCollection]] = PlotCollection.grid
_backend_of: Final[Callable[[Any], Any]] = backend_from_object

BACKENDS: Final = ("matplotlib", "none", "plotly", "bokeh")

COLORS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Hues that people with any colour vision can tell apart (Okabe and Ito)."""

_DOTS_PER_INCH: Final = 100


@dataclass(frozen=True)
class Aesthetic:
    """A property of a drawing, such as its colour, that tells coordinates of a dimension apart.

    Parameters
    ----------
    dim : str
    values : sequence
        One for each coordinate of `dim`; repeated where there are more coordinates.
    """

    dim: str
    values: Sequence[Any]


def checked_visuals(
    visuals: Mapping[Any, Mapping[str, Any] | bool] | None, allowed: Collection[str]
) -> dict[str, Any]:
    """Return `visuals` as a dict after checking its keys.

    Raises
    ------
    ParameterError
        A key is not the name of a visual of the plot.
    """
    given = dict(visuals or {})
    unknown = [name for name in given if name not in allowed]
    if unknown:
        raise ParameterError(
            f"visuals: {', '.join(map(repr, unknown))} is not part of this plot. "
            f"Choose from {', '.join(allowed)}."
        )
    return given


def backend_name(backend: str | None, plot_collection: PlotCollection | None) -> str:
    """Return the plotting backend: the collection's, the one asked for, or ArviZ's default.

    Raises
    ------
    ParameterError
        There is no such backend.
    """
    if plot_collection is not None:
        return str(plot_collection.backend)
    if backend is not None and backend not in BACKENDS:
        raise ParameterError(
            f"backend: {backend!r} is not a plotting backend. Choose from {', '.join(BACKENDS)}."
        )
    return str(backend or rcParams["plot.backend"])


def figure_keywords(
    backend: str, size: tuple[float, float], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what creates the figure: a size in inches unless one is given, and room for titles."""
    keywords = dict(given)
    if "figsize" not in keywords:
        in_inches = backend == "matplotlib"
        scale = 1 if in_inches else _DOTS_PER_INCH
        keywords["figsize"] = (size[0] * scale, size[1] * scale)
        keywords["figsize_units"] = "inches" if in_inches else "dots"
    if backend == "matplotlib":
        keywords.setdefault("layout", "constrained")
    return keywords


def open_collection(
    dataset: xr.Dataset,
    *,
    plot_collection: PlotCollection | None,
    backend: str | None,
    size: tuple[float, float],
    aesthetics: Mapping[str, Aesthetic],
    pc_kwargs: Mapping[str, Any],
) -> PlotCollection:
    """Return a collection with one panel, or the given one with the aesthetics it lacks.

    Parameters
    ----------
    dataset : Dataset
        What is drawn.
    plot_collection : PlotCollection or None
        Drawn into, where given.
    backend : str or None
    size : tuple of float
        Width and height of a new figure, in inches.
    aesthetics : mapping of str to Aesthetic
        Used unless `pc_kwargs` or `plot_collection` has its own.
    pc_kwargs : mapping
        Passed to ``PlotCollection.grid``.
    """
    name = backend_name(backend, plot_collection)
    if plot_collection is None:
        keywords = dict(pc_kwargs)
        mapped = dict(keywords.pop("aes", {}))
        for key, aesthetic in aesthetics.items():
            if key not in mapped:
                mapped[key] = [aesthetic.dim]
                keywords.setdefault(key, list(aesthetic.values))
        figure = figure_keywords(name, size, keywords.pop("figure_kwargs", {}))
        return _new_collection(dataset, backend=name, figure_kwargs=figure, aes=mapped, **keywords)
    given: Any = plot_collection
    for key, aesthetic in aesthetics.items():
        if key not in given.aes_set:
            coords = dataset[aesthetic.dim]
            values = [aesthetic.values[i % len(aesthetic.values)] for i in range(coords.size)]
            mapping = xr.DataArray(values, dims=aesthetic.dim, coords={aesthetic.dim: coords})
            given.update_aes_from_dataset(key, xr.Dataset({"mapping": mapping}))
    return plot_collection


def draw(
    plot_collection: PlotCollection,
    visuals: Mapping[str, Any],
    name: str,
    visual: Callable[..., Any],
    data: xr.DataArray,
    *,
    aes: Collection[str] = (),
    artist_dims: Mapping[str, int] | None = None,
    **defaults: Any,
) -> None:
    """Draw one visual and store it in ``plot_collection.viz[name]``.

    Parameters
    ----------
    plot_collection : PlotCollection
    visuals : mapping
        What the user asked for; False leaves the visual away, a mapping overrides `defaults`.
    name : str
    visual : callable
        Takes a DataArray and a target, like those of ``arviz_plots.visuals``.
    data : DataArray
    aes : collection of str
        Aesthetics that the visual follows.
    artist_dims : mapping, optional
        Sizes of the array of artists that the visual returns; a single artist by default.
    **defaults
        Arguments of the visual.
    """
    wanted = visuals.get(name, True)
    if wanted is False:
        return
    keywords = defaults if wanted is True else defaults | dict(wanted)
    collection: Any = plot_collection
    collection.map(
        visual,
        name,
        data=data.to_dataset(name=name),
        ignore_aes=collection.aes_set.difference(aes),
        artist_dims=artist_dims,
        **keywords,
    )


def set_panels(
    plot_collection: PlotCollection, visual: str | Callable[..., Any], **keywords: Any
) -> None:
    """Set a property of the panels, such as limits or ticks; nothing is stored.

    Parameters
    ----------
    plot_collection : PlotCollection
    visual : str or callable
        A name in ``arviz_plots.visuals``, or a visual.
    **keywords
        Passed to ``PlotCollection.facet_map``.
    """
    collection: Any = plot_collection
    collection.facet_map(visual, store_artist=False, **keywords)


def write(
    da: xr.DataArray, target: Any, *, text: Sequence[str], **keywords: Any
) -> NDArray[np.object_]:
    """Write a text at each point; a visual.

    Parameters
    ----------
    da : DataArray of shape (n, 2)
        With the dimension ``plot_axis`` and its coordinates "x" and "y".
    target : object
        The panel.
    text : sequence of str, length n
    **keywords
        Arguments of the backend's ``text``.
    """
    backend = _backend_of(target)
    artists = np.empty(len(text), dtype=object)
    points = da.transpose(..., "plot_axis").sel(plot_axis=["x", "y"]).to_numpy()
    for index, ((x, y), string) in enumerate(zip(points, text, strict=True)):
        artists[index] = backend.text(x, y, string, target, **keywords)
    return artists


def vertical_lines(da: xr.DataArray, target: Any, **keywords: Any) -> NDArray[np.object_]:
    """Draw a line from bottom to top at each value of `da`, shape (n,); a visual."""
    backend = _backend_of(target)
    artists = np.empty(da.size, dtype=object)
    for index, x in enumerate(da.values.tolist()):
        artists[index] = backend.vline(x, target, **keywords)
    return artists


def set_yticks(
    da: xr.DataArray, target: Any, *, values: Sequence[float], labels: Sequence[str], **props: Any
) -> None:
    """Set the ticks of the vertical axis and what they say; a visual that is not stored."""
    _backend_of(target).yticks(list(values), list(labels), target, **props)


def shade(
    da: xr.DataArray, target: Any, *, alphas: Sequence[float], **keywords: Any
) -> NDArray[np.object_]:
    """Shade the panel between two values of x, a row of `da` (shape (n, 2)) each; a visual."""
    backend = _backend_of(target)
    artists = np.empty(len(alphas), dtype=object)
    for index, ((low, high), alpha) in enumerate(zip(da.values.tolist(), alphas, strict=True)):
        artists[index] = backend.vspan(low, high, target, alpha=alpha, **keywords)
    return artists
