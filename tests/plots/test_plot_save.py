import subprocess
import sys
from pathlib import Path

import pytest

from bayes_leaks.errors import ParameterError
from bayes_leaks.plots import plot_timeline, save_plot
from bayes_leaks.record import load_iss

_IMPORT_CHECK = """
import matplotlib
before, backend = dict(matplotlib.rcParams), matplotlib.rcParams._get_backend_or_none()
import bayes_leaks, bayes_leaks.plots
assert dict(matplotlib.rcParams) == before
assert matplotlib.rcParams._get_backend_or_none() == backend
"""


@pytest.mark.usefixtures("agg")
def test_writes_a_picture_and_closes_the_figure(tmp_path: Path) -> None:
    from matplotlib import pyplot

    path = tmp_path / "fleet.png"
    path.write_text("older")
    number = len(pyplot.get_fignums())
    plot = plot_timeline(load_iss(), backend="matplotlib")
    assert save_plot(plot, path, dpi=50) == path
    assert pyplot.imread(path).shape[:2] == (355, 500)
    assert len(pyplot.get_fignums()) == number
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("agg")
def test_failure_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib import pyplot

    path = tmp_path / "fleet.png"
    path.write_text("older")
    plot = plot_timeline(load_iss(), backend="matplotlib")

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(plot.viz["figure"].item(), "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        save_plot(plot, path)
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]
    assert not pyplot.get_fignums()


def test_bad_input_is_reported_together(tmp_path: Path) -> None:
    plot = plot_timeline(load_iss(), backend="none")
    with pytest.raises(ParameterError) as error:
        save_plot(plot, tmp_path / "none" / "fleet.jpg", dpi=0)
    message = str(error.value)
    assert "was drawn with the backend 'none'. Draw it with backend='matplotlib'." in message
    assert "fleet.jpg' does not end in .png" in message
    assert "none' does not exist. Create it first." in message
    assert "dpi: 0 is not above 0." in message


def test_import_changes_no_setting_of_matplotlib() -> None:
    subprocess.run([sys.executable, "-c", _IMPORT_CHECK], check=True)
