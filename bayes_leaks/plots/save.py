"""Saving a plot as a picture."""

import os
import tempfile
from pathlib import Path

from arviz_plots.plot_collection import PlotCollection

from bayes_leaks.errors import ParameterError

__all__ = ["save_plot"]


def save_plot(plot_collection: PlotCollection, path: str | Path, *, dpi: float = 150) -> Path:
    """Write a plot to a PNG file and close its figure.

    The file appears whole or not at all. No display is needed.

    Parameters
    ----------
    plot_collection : PlotCollection
        A plot drawn with the backend "matplotlib".
    path : path
        Ends in ``.png``, in a folder that exists; a file already there is replaced.
    dpi : float
        Dots per inch, above 0.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ParameterError
        The plot was not drawn with matplotlib, or the path or `dpi` is not allowed.

    Examples
    --------
    >>> import tempfile
    >>> from bayes_leaks.plots import plot_timeline, save_plot
    >>> from bayes_leaks.record import load_iss
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_plot(plot_timeline(load_iss(), backend="matplotlib"), f"{folder}/fleet.png").name
    'fleet.png'
    """
    path = Path(path)
    problems = []
    if plot_collection.backend != "matplotlib":
        problems.append(
            f"plot_collection: was drawn with the backend {plot_collection.backend!r}. "
            "Draw it with backend='matplotlib'."
        )
    if path.suffix.lower() != ".png":
        problems.append(f"path: {str(path)!r} does not end in .png. Give such a name.")
    if not path.parent.is_dir():
        problems.append(f"path: the folder {str(path.parent)!r} does not exist. Create it first.")
    if not dpi > 0:
        problems.append(f"dpi: {dpi!r} is not above 0.")
    if problems:
        raise ParameterError(" ".join(problems))
    from matplotlib import pyplot

    figure = plot_collection.viz["figure"].item()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".png")
    try:
        with os.fdopen(handle, "wb") as file:
            figure.savefig(file, format="png", dpi=dpi)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
        pyplot.close(figure)
    return path
