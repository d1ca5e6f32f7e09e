"""The pictures of a run, drawn to files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import bayes_leaks as bl
from bayes_leaks.cli.progress import Progress

if TYPE_CHECKING:
    from arviz_plots.plot_collection import PlotCollection
    from xarray import DataTree

    from bayes_leaks.comparison import Comparison

type Pictures = Mapping[str, Callable[[], PlotCollection]]


def pictures_of_comparison(result: "Comparison") -> Pictures:
    """Say how to draw each picture of a comparison, by file name.

    Parameters
    ----------
    result : Comparison

    Returns
    -------
    mapping of str to callable
    """
    pictures: dict[str, Callable[[], PlotCollection]] = {}
    if (history := result.history) is not None:
        pictures["timeline.png"] = lambda: bl.plot_timeline(history, backend="matplotlib")
    pictures["bayes-factors.png"] = lambda: bl.plot_bayes_factors(result, backend="matplotlib")
    return pictures | {
        f"prior-posterior-{name}.png": lambda tree=tree: picture_of_fit(tree)
        for name, tree in result.fits.items()
        if "prior" in tree.children
    }


def picture_of_fit(tree: "DataTree") -> "PlotCollection":
    """Draw prior against posterior.

    Parameters
    ----------
    tree : DataTree
        A fit.

    Returns
    -------
    PlotCollection
    """
    return bl.plot_prior_posterior(tree, backend="matplotlib")


def draw(pictures: Pictures, folder: Path, progress: Progress) -> dict[str, Exception]:
    """Draw pictures into a folder.

    A picture that fails costs neither the numbers nor the other pictures.

    Parameters
    ----------
    pictures : mapping of str to callable
    folder : Path
    progress : Progress

    Returns
    -------
    dict of str to Exception
        Why pictures failed, by file name.
    """
    import matplotlib

    matplotlib.use("agg")
    failed: dict[str, Exception] = {}
    for name, picture in pictures.items():
        progress.drawing(name)
        try:
            bl.save_plot(picture(), folder / name)
        except Exception as error:
            failed[name] = error
    return failed
