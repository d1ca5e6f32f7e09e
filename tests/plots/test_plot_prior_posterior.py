import numpy as np
import pytest
import xarray as xr
from arviz_plots import PlotCollection

from bayes_leaks.errors import ParameterError
from bayes_leaks.plots import plot_prior_posterior

UNITS = {
    "leak_rate": "per asset-year",
    "hazard_excess": "dimensionless",
    "elevated_fraction": "dimensionless",
    "shares": "dimensionless",
}


def draws(rng: np.random.Generator, narrow: float) -> xr.Dataset:
    shape, dims = (2, 400), ("chain", "draw")
    values = {
        "leak_rate": (dims, rng.lognormal(np.log(0.02), 1.4 * narrow, shape)),
        "hazard_excess": (dims, rng.lognormal(np.log(30), 0.8 * narrow, shape)),
        "elevated_fraction": (dims, rng.beta(1 / narrow, 9 / narrow, shape)),
        "shares": ((*dims, "cause"), rng.dirichlet([1, 1, 1 / narrow], shape)),
    }
    dataset = xr.Dataset(values, coords={"cause": ["random", "defect", "common"]})
    for name, units in UNITS.items():
        dataset[name].attrs["units"] = units
    return dataset


@pytest.fixture
def fit() -> xr.DataTree:
    rng = np.random.default_rng(5)
    return xr.DataTree.from_dict({"prior": draws(rng, 1.0), "posterior": draws(rng, 0.5)})


def panel(plot: PlotCollection, name: str, function: str, **sel: str) -> list[dict]:
    items = plot.viz["plot"][name].sel(sel).item()
    return [item for item in items if item["function"] == function]


def test_one_panel_a_parameter_and_one_a_share(fit: xr.DataTree) -> None:
    plot = plot_prior_posterior(fit, backend="none")
    panels = plot.viz["plot"]
    assert {str(name): panels[name].size for name in panels.data_vars} == dict.fromkeys(
        UNITS, 1
    ) | {"shares": 3}
    for name in panels.data_vars:
        assert plot.viz["dist"][name].sizes["group"] == 2


def test_long_tails_are_drawn_on_a_log_axis(fit: xr.DataTree) -> None:
    plot = plot_prior_posterior(fit, backend="none")
    (ticks,) = panel(plot, "leak_rate", "xticks")
    np.testing.assert_allclose(ticks["ticks"], [-3, -2, -1])
    assert ticks["labels"] == ["0.001", "0.01", "0.1"]
    assert panel(plot, "hazard_excess", "xticks")
    assert not panel(plot, "elevated_fraction", "xticks")
    assert not panel(plot, "shares", "xticks", cause="common")


def test_density_is_that_of_the_draws(fit: xr.DataTree) -> None:
    plot = plot_prior_posterior(fit, backend="none")
    for group in ("prior", "posterior"):
        line = plot.viz["dist"]["leak_rate"].sel(group=group).item()
        density = line["y"] / np.trapezoid(line["y"], line["x"])
        logs = np.log10(fit[group]["leak_rate"].values)
        mean = np.trapezoid(density * line["x"], line["x"])
        assert mean == pytest.approx(logs.mean(), abs=0.03)
        spread = np.sqrt(np.trapezoid(density * (line["x"] - mean) ** 2, line["x"]))
        assert spread == pytest.approx(logs.std(), rel=0.1)


def test_axis_reaches_over_both_groups(fit: xr.DataTree) -> None:
    plot = plot_prior_posterior(fit, backend="none")
    (limits,) = panel(plot, "leak_rate", "xlim")
    both = [np.quantile(np.log10(fit[g]["leak_rate"]), (0.005, 0.995)) for g in fit.children]
    np.testing.assert_allclose(limits["lims"], (np.min(both), np.max(both)))
    causes = [panel(plot, "shares", "xlim", cause=c)[0]["lims"] for c in ("random", "common")]
    assert causes[0] == causes[1] and causes[0][0] == 0


def test_units_are_on_the_axes(fit: xr.DataTree) -> None:
    plot = plot_prior_posterior(fit, backend="none")
    assert panel(plot, "leak_rate", "xlabel")[0]["string"] == "per asset-year (log scale)"
    assert panel(plot, "shares", "xlabel", cause="defect")[0]["string"] == "dimensionless"


def test_variables_and_scales_can_be_chosen(fit: xr.DataTree) -> None:
    plot = plot_prior_posterior(fit, var_names="leak_rate", log_scale=(), backend="none")
    assert list(plot.viz["dist"].data_vars) == ["leak_rate"]
    assert not panel(plot, "leak_rate", "xticks")
    low, high = panel(plot, "leak_rate", "xlim")[0]["lims"]
    assert low == 0 and high < fit["prior"]["leak_rate"].max()


def test_data_are_left_as_they_were(fit: xr.DataTree) -> None:
    before = fit.copy(deep=True)
    plot_prior_posterior(fit, backend="none")
    xr.testing.assert_identical(fit, before)


def test_prior_and_posterior_differ_in_colour_and_line(fit: xr.DataTree) -> None:
    lines = plot_prior_posterior(fit, backend="none").viz["dist"]["leak_rate"]
    prior, posterior = (lines.sel(group=g).item() for g in ("prior", "posterior"))
    assert prior["color"] != posterior["color"]
    assert prior["linestyle"] != posterior["linestyle"]


def test_bad_input(fit: xr.DataTree) -> None:
    with pytest.raises(ParameterError, match="fit: is a dict, must be a DataTree"):
        plot_prior_posterior({})  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="fit: has no group prior; its groups are: posterior"):
        plot_prior_posterior(xr.DataTree.from_dict({"posterior": fit["posterior"].to_dataset()}))
    with pytest.raises(ParameterError, match="var_names: 'latency' is not in both prior and post"):
        plot_prior_posterior(fit, var_names=["latency"], backend="none")
    with pytest.raises(ParameterError, match="log_scale: 'latency' is not drawn or not positive"):
        plot_prior_posterior(fit, log_scale=["latency"], backend="none")
    fit["posterior"]["leak_rate"][0, 0] = np.nan
    with pytest.raises(ParameterError, match="fit: draws of posterior/leak_rate are not all finit"):
        plot_prior_posterior(fit, backend="none")


@pytest.mark.usefixtures("agg")
def test_draws_with_matplotlib(fit: xr.DataTree) -> None:
    plot = plot_prior_posterior(fit, backend="matplotlib")
    axes = plot.viz["plot"]["leak_rate"].item()
    plot.viz["figure"].item().canvas.draw()
    assert axes.get_title() == "leak_rate"
    assert len(axes.lines) == 2
