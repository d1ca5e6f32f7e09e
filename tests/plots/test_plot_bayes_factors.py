import numpy as np
import pytest
import xarray as xr
from arviz_plots import PlotCollection

from bayes_leaks.errors import ParameterError
from bayes_leaks.plots import plot_bayes_factors
from bayes_leaks.plots.ticks import factor_text, log_ticks, power_text

NAMES = ["defect", "random", "common-shock", "common-period"]
LOG_ML = (-12.0, -14.3, -9.1, -15.0)
MCSE = (0.01, 0.02, 0.2, 0.01)
TITLES = [
    "Manufacturing defect",
    "Random micrometeoroid impacts",
    "Common cause, shock",
    "Common cause, hazardous period",
]


def comparison(
    log_ml: tuple[float, ...] = LOG_ML,
    trusted: tuple[bool, ...] = (True, True, True, True),
    mcse: tuple[float, ...] = MCSE,
) -> xr.DataTree:
    evidence, error = np.array(log_ml), np.array(mcse)
    with np.errstate(invalid="ignore"):
        factors = evidence[:, None] - evidence
    names = NAMES[: len(log_ml)]
    group = xr.Dataset(
        {
            "log_bayes_factor": (("model_a", "model_b"), factors),
            "log_bayes_factor_mcse": (("model_a", "model_b"), np.hypot(error[:, None], error)),
            "trusted": ("model", list(trusted)),
            "title": ("model", TITLES[: len(names)]),
        },
        coords={"model": names, "model_a": names, "model_b": names},
    )
    return xr.DataTree.from_dict({"comparison": group})


def labels(plot: PlotCollection) -> list[str]:
    return [text["string"] for text in plot.viz["label"]["label"].values]


def panel(plot: PlotCollection, function: str) -> list[dict]:
    return [item for item in plot.viz["plot"].item() if item["function"] == function]


def test_dots_are_log10_bayes_factors_against_random() -> None:
    plot = plot_bayes_factors(comparison(), backend="none")
    dots = plot.viz["trusted"]["trusted"].item()
    np.testing.assert_allclose(dots["x"], np.array([2.3, 5.2, -0.7]) / np.log(10))
    np.testing.assert_array_equal(dots["y"], [3, 1, 0])
    assert "untrusted" not in plot.viz.children
    (title,) = panel(plot, "title")
    assert title["string"] == "Bayes factors against: Random micrometeoroid impacts"


def test_intervals_are_95_percent() -> None:
    plot = plot_bayes_factors(comparison(), backend="none")
    x = plot.viz["interval"]["interval"].item()["x"].reshape(-1, 3)
    np.testing.assert_allclose(x[:, :2].mean(axis=1), np.array([2.3, 5.2, -0.7]) / np.log(10))
    errors = np.hypot([0.01, 0.2, 0.01], 0.02)
    np.testing.assert_allclose(x[:, 1] - x[:, 0], 2 * 1.96 * errors / np.log(10))


def test_labels_say_the_bayes_factor() -> None:
    plot = plot_bayes_factors(comparison(), backend="none")
    assert labels(plot) == ["9.97", "1 (reference)", "181", "1/2.01"]


def test_reference_can_be_chosen_and_is_the_first_without_random() -> None:
    plot = plot_bayes_factors(comparison(), reference="common-shock", backend="none")
    np.testing.assert_allclose(
        plot.viz["trusted"]["trusted"].item()["x"], np.array([-2.9, -5.2, -5.9]) / np.log(10)
    )
    without = comparison().map_over_datasets(
        lambda group: group.assign_coords({d: ["w", "x", "y", "z"] for d in group.dims})
    )
    assert labels(plot_bayes_factors(without, backend="none"))[0] == "1 (reference)"


def test_untrusted_models_are_hollow_and_said_to_be() -> None:
    tree = comparison(trusted=(True, True, False, True))
    plot = plot_bayes_factors(tree, backend="none")
    hollow = plot.viz["untrusted"]["untrusted"].item()
    np.testing.assert_allclose(hollow["x"], [5.2 / np.log(10)])
    assert hollow["facecolor"] == "B0" != hollow["edgecolor"]
    assert plot.viz["trusted"]["trusted"].item()["x"].size == 2
    assert labels(plot)[2] == "181, not trusted"
    assert "Hollow: not trusted." in panel(plot, "xlabel")[0]["string"]


def test_untrusted_reference_makes_every_bayes_factor_untrusted() -> None:
    plot = plot_bayes_factors(comparison(trusted=(True, False, True, True)), backend="none")
    assert "trusted" not in plot.viz.children
    assert all(text.endswith(", not trusted") for text in labels(plot))


def test_models_without_a_number_keep_their_row() -> None:
    tree = comparison((-12.0, -14.3, np.nan, -np.inf), trusted=(True, True, False, True))
    plot = plot_bayes_factors(tree, backend="none")
    assert labels(plot) == ["9.97", "1 (reference)", "no number, not trusted", "0, off the axis"]
    assert plot.viz["trusted"]["trusted"].item()["x"].size == 1
    (ticks,) = panel(plot, "yticks")
    assert [name.replace("\n", " ") for name in ticks["labels"]] == TITLES
    low, high = panel(plot, "xlim")[0]["lims"]
    assert all(low < text["x"][0] < high for text in plot.viz["label"]["label"].values)


def test_missing_error_is_said() -> None:
    plot = plot_bayes_factors(comparison(mcse=(0.01, 0.02, np.nan, 0.01)), backend="none")
    assert labels(plot)[2] == "181, error unknown"
    assert plot.viz["interval"]["interval"].item()["x"].size == 6


def test_bands_are_those_of_kass_and_raftery() -> None:
    plot = plot_bayes_factors(comparison(), backend="none")
    spans = [(band["xmin"], band["xmax"]) for band in panel(plot, "vspan")]
    inner = np.array([2.0, 6.0, 10.0]) / (2 * np.log(10))
    np.testing.assert_allclose([low for low, _ in spans[1:]], [*-inner[::-1], *inner])
    np.testing.assert_allclose([high for _, high in spans[:-1]], [*-inner[::-1], *inner])
    assert (spans[0][0], spans[-1][1]) == panel(plot, "xlim")[0]["lims"]
    alphas = [band["alpha"] for band in panel(plot, "vspan")]
    assert alphas == alphas[::-1] and alphas[3] == 0 < alphas[4] < alphas[5] < alphas[6]
    names = [
        text["string"].replace("\n", " ") for text in plot.viz["band_names"]["band_names"].values
    ]
    half = ["positive", "strong", "very strong"]
    assert names == [*half[::-1], "bare mention", *half]


def test_names_of_narrow_bands_are_in_the_caption_only() -> None:
    plot = plot_bayes_factors(comparison((-12.0, -14.3, 900.0, -15.0)), backend="none")
    names = [text["string"] for text in plot.viz["band_names"]["band_names"].values]
    assert "positive" not in names
    assert "2 to 6 positive" in panel(plot, "xlabel")[0]["string"]
    assert labels(plot)[2] == factor_text(914.3 / np.log(10)) == "1.19 × 10³⁹⁷"


def test_takes_a_comparison_as_well_as_its_tree() -> None:
    class Comparison:
        def to_datatree(self) -> xr.DataTree:
            return comparison()

    assert labels(plot_bayes_factors(Comparison(), backend="none"))[2] == "181"


def test_draws_into_a_given_collection() -> None:
    own = PlotCollection.grid(xr.Dataset({"nothing": 0.0}), backend="none")
    assert plot_bayes_factors(comparison(), plot_collection=own) is own
    assert labels(own)[0] == "9.97"


def test_visuals_change_or_leave_away_parts() -> None:
    plot = plot_bayes_factors(
        comparison(), backend="none", visuals={"bands": False, "label": {"size": 5}}
    )
    assert not panel(plot, "vspan")
    assert {text["size"] for text in plot.viz["label"]["label"].values} == {5}


def test_bad_input() -> None:
    with pytest.raises(ParameterError, match="comparison: is a int, must be a Comparison"):
        plot_bayes_factors(3)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="no group 'comparison'; its groups are: posterior"):
        plot_bayes_factors(xr.DataTree.from_dict({"posterior": xr.Dataset()}))
    short = xr.DataTree.from_dict({"comparison": xr.Dataset({"trusted": ("model", [True])})})
    with pytest.raises(ParameterError, match="lacks log_bayes_factor, log_bayes_factor_mcse"):
        plot_bayes_factors(short)
    with pytest.raises(ParameterError, match="reference: 'luck' was not compared"):
        plot_bayes_factors(comparison(), reference="luck")
    with pytest.raises(ParameterError, match="visuals: 'dots' is not part of this plot"):
        plot_bayes_factors(comparison(), visuals={"dots": False})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("factor", "text"),
    [
        (1.0, "1.00"),
        (0.9999, "1.00"),
        (9.996, "10.0"),
        (12.34, "12.3"),
        (999.6, "1,000"),
        (197_210.0, "197,000"),
        (4.56e8, "4.56 × 10⁸"),
        (1 / 12.34, "1/12.3"),
        (1 / 4.56e8, "1/(4.56 × 10⁸)"),
    ],
)
def test_factor_text_has_three_digits(factor: float, text: str) -> None:
    assert factor_text(float(np.log10(factor))) == text


def test_log_ticks() -> None:
    assert log_ticks(-2.5, 1.2) == ([-2.0, -1.0, 0.0, 1.0], ["0.01", "0.1", "1", "10"])
    ticks, names = log_ticks(-0.4, 0.8)
    np.testing.assert_allclose(10 ** np.array(ticks), [0.5, 1, 2, 5])
    assert names == ["0.5", "1", "2", "5"]
    ticks, names = log_ticks(-400, 10)
    assert len(ticks) <= 10 and 0.0 in ticks and power_text(int(ticks[0])) == names[0]


@pytest.mark.usefixtures("agg")
def test_labels_stay_in_the_panel_in_matplotlib() -> None:
    tree = comparison((-42.0, -14.3, np.nan, np.inf), trusted=(False, True, False, False))
    plot = plot_bayes_factors(tree, backend="matplotlib")
    plot.viz["figure"].item().canvas.draw()
    axes = plot.viz["plot"].item()
    texts = [text.get_window_extent() for text in axes.texts]
    assert all(axes.bbox.x0 < text.x0 and text.x1 < axes.bbox.x1 for text in texts)
    assert not any(a.overlaps(b) for i, a in enumerate(texts) for b in texts[:i])
