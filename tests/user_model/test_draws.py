"""Posterior draws are found wherever a sampler left them, and draws of others are refused."""

from pathlib import Path

import numpy as np
import nutpie
import pymc as pm
import pytest
import xarray as xr
from xarray import Dataset, DataTree

from bayes_leaks.engine import CompiledModel
from bayes_leaks.errors import ParameterError
from bayes_leaks.user_model import unconstrained_draws

QUICK = {"draws": 30, "tune": 30, "chains": 2, "random_seed": 1}
PM_QUICK = QUICK | {"progressbar": False, "compute_convergence_checks": False, "cores": 1}
TRANSFORMED = {"idata_kwargs": {"include_transformed": True}}


def build() -> pm.Model:
    with pm.Model(coords={"plant": ["north", "south"]}) as model:
        scale = pm.HalfNormal("scale", 1.0)
        bounded = pm.Uniform("bounded", 0.0, scale)
        effect = pm.Normal("effect", 0.0, 1.0, dims="plant")
        share = pm.Dirichlet("share", np.ones(3))
        table = pm.Normal("table", 0.0, 1.0, shape=(2, 2))
        pm.Deterministic("total", effect.sum())
        mean = effect.sum() + bounded + share[0] + table.sum()
        pm.Normal("y", mean, scale, observed=pm.Data("data", [0.1, 0.2]))
    return model


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    return CompiledModel(build())


@pytest.fixture(scope="module")
def points(compiled: CompiledModel) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(2, 20, compiled.dimension))


@pytest.fixture(scope="module")
def sampled(compiled: CompiledModel) -> DataTree:
    return compiled.sample(**QUICK)


def stored(compiled: CompiledModel, points: np.ndarray) -> dict[str, Dataset]:
    """Groups of variables on their own scales, and of transformed ones, that hold these points."""
    chains, draws, dimension = points.shape
    natural = compiled.constrain(points.reshape(-1, dimension))
    groups: dict[str, dict[str, object]] = {"posterior": {}, "unconstrained_posterior": {}}
    for rv in compiled.model.free_RVs:
        values = natural[rv.name].reshape(chains, draws, *natural[rv.name].shape[1:])
        groups["posterior"][rv.name] = variable(rv.name, values)
        name = compiled.model.rvs_to_values[rv].name
        if name != rv.name:
            column = points[:, :, compiled.coordinates[rv.name]]
            groups["unconstrained_posterior"][name] = variable(name, column.squeeze())
    return {group: Dataset(variables) for group, variables in groups.items()}


def variable(name: str, values: np.ndarray) -> tuple[list[str], np.ndarray]:
    return ["chain", "draw", *(f"{name}_{i}" for i in range(values.ndim - 2))], values


def tree_of(**groups: Dataset) -> DataTree:
    return DataTree.from_dict(groups)


def test_values_on_their_own_scales_are_transformed(
    compiled: CompiledModel, points: np.ndarray
) -> None:
    posterior = stored(compiled, points)["posterior"]
    found = unconstrained_draws(compiled, tree_of(posterior=posterior))
    np.testing.assert_allclose(found.points, points, rtol=1e-9)
    assert found.log_density is None
    turned = posterior.transpose("draw", ..., "chain")
    again = unconstrained_draws(compiled, tree_of(posterior=turned))
    np.testing.assert_array_equal(again.points, found.points)


@pytest.mark.parametrize("place", ["unconstrained_posterior", "posterior"])
def test_transformed_values_are_preferred(
    compiled: CompiledModel, points: np.ndarray, place: str
) -> None:
    """Samplers store only the variables that have a transform; the others are their own image."""
    groups = stored(compiled, points)
    groups["posterior"]["share"] = 0.0 * groups["posterior"]["share"] + np.array([1.0, 0.0, 0.0])
    with pytest.raises(ParameterError, match=r"40 draws of idata lie on the boundary of 'share'"):
        unconstrained_draws(compiled, tree_of(posterior=groups["posterior"]))
    groups[place] = groups[place].merge(groups["unconstrained_posterior"])
    found = unconstrained_draws(compiled, tree_of(**groups))
    np.testing.assert_allclose(found.points, points, rtol=1e-12)


def test_nutpie_keeps_points_and_densities(compiled: CompiledModel, sampled: DataTree) -> None:
    found = unconstrained_draws(compiled, sampled)
    assert found.points.shape == (2, 30, compiled.dimension)
    flat = found.points.reshape(-1, compiled.dimension)
    np.testing.assert_allclose(found.log_density.ravel(), compiled.log_density(flat), rtol=1e-9)
    assert found.divergences == float(sampled["sample_stats"]["diverging"].sum())
    by_hand = unconstrained_draws(compiled, tree_of(posterior=sampled["posterior"].to_dataset()))
    np.testing.assert_allclose(by_hand.points, found.points, rtol=1e-6, atol=1e-8)
    assert by_hand.divergences == 0.0


def test_columns_are_found_by_their_labels(compiled: CompiledModel, sampled: DataTree) -> None:
    stats = sampled["sample_stats"].to_dataset()
    # Elements of one variable keep their order.
    labels = [str(label) for label in stats["unconstrained_parameter"].to_numpy()]
    order = [
        label
        for name in ("table", "share", "effect", "bounded", "scale")
        for label in labels
        if label.startswith(name)
    ]
    mixed = stats.sel(unconstrained_parameter=order)
    found = unconstrained_draws(
        compiled, tree_of(posterior=sampled["posterior"].to_dataset(), sample_stats=mixed)
    )
    np.testing.assert_array_equal(found.points, unconstrained_draws(compiled, sampled).points)


@pytest.mark.parametrize(
    "options",
    [pytest.param({}, marks=pytest.mark.slow), TRANSFORMED],
    ids=["plain", "transformed"],
)
def test_pm_sample(compiled: CompiledModel, options: dict[str, object]) -> None:
    with compiled.model:
        tree = pm.sample(**PM_QUICK, **options)
    found = unconstrained_draws(compiled, tree)
    for name, values in compiled.constrain(found.points.reshape(-1, compiled.dimension)).items():
        drawn = tree["posterior"][name].to_numpy()
        np.testing.assert_allclose(values, drawn.reshape(values.shape), rtol=1e-6, atol=1e-9)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_sampler_of_pymc_itself(compiled: CompiledModel) -> None:
    with compiled.model:
        plain, kept = (
            pm.sample(**PM_QUICK, nuts_sampler="pymc", **options) for options in ({}, TRANSFORMED)
        )
    assert "scale_log__" in kept["posterior"]
    np.testing.assert_allclose(
        unconstrained_draws(compiled, plain).points,
        unconstrained_draws(compiled, kept).points,
        rtol=1e-6,
        atol=1e-9,
    )


def test_draws_come_back_from_zarr(
    compiled: CompiledModel, sampled: DataTree, tmp_path: Path
) -> None:
    groups = ("posterior", "sample_stats", "unconstrained_posterior")
    kept = DataTree.from_dict({name: sampled[name].to_dataset() for name in groups})
    # Messages of divergences are objects that no store takes.
    kept["sample_stats"] = DataTree(
        kept["sample_stats"].to_dataset()[["unconstrained_draw", "logp", "diverging"]]
    )
    kept.to_zarr(tmp_path / "draws.zarr", consolidated=False)
    loaded = xr.open_datatree(tmp_path / "draws.zarr", engine="zarr", consolidated=False)
    expected = unconstrained_draws(compiled, sampled)
    np.testing.assert_array_equal(unconstrained_draws(compiled, loaded).points, expected.points)


def test_draws_come_back_from_netcdf(
    compiled: CompiledModel, points: np.ndarray, tmp_path: Path
) -> None:
    tree_of(**stored(compiled, points)).to_netcdf(tmp_path / "draws.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "draws.nc", engine="h5netcdf") as loaded:
        found = unconstrained_draws(compiled, loaded)
    np.testing.assert_allclose(found.points, points, rtol=1e-12)


def test_draws_of_other_data_are_refused(sampled: DataTree) -> None:
    swapped = CompiledModel(build())
    swapped.swap({"data": np.array([3.0, 4.0])})
    with pytest.raises(ParameterError, match=r"another posterior.*on its present data"):
        unconstrained_draws(swapped, sampled)


def test_draws_of_another_prior_are_refused(sampled: DataTree) -> None:
    with build() as other:
        pm.Potential("more", -(other["effect"] ** 2).sum())
    with pytest.raises(ParameterError, match=r"drawn from another posterior"):
        unconstrained_draws(CompiledModel(other), sampled)


def test_draws_with_other_labels_are_refused() -> None:
    with pm.Model() as one:
        pm.Normal("y", pm.Normal("mu", shape=2).sum(), 1.0, observed=0.3)
    with pm.Model() as other:
        pm.Normal("y", pm.Normal("nu", shape=2).sum(), 1.0, observed=0.3)
    tree = CompiledModel(one).sample(**QUICK)
    with pytest.raises(ParameterError, match=r"0 unconstrained parameters 'nu'.* holds mu_0, mu_1"):
        unconstrained_draws(CompiledModel(other), tree)


def test_a_variable_that_is_missing_is_named(compiled: CompiledModel, points: np.ndarray) -> None:
    posterior = stored(compiled, points)["posterior"].drop_vars(["effect", "scale"])
    with pytest.raises(
        ParameterError, match=r"no draws of 'scale', 'effect'; its posterior holds bounded, share"
    ):
        unconstrained_draws(compiled, tree_of(posterior=posterior))


def test_variables_of_another_shape_are_named(compiled: CompiledModel, points: np.ndarray) -> None:
    posterior = stored(compiled, points)["posterior"]
    wrong = posterior.isel(effect_0=0, table_1=[0])
    with pytest.raises(
        ParameterError,
        match=r"'effect' has shape \(\) in idata and \(2,\) in the model; 'table' has .* \(2, 1\)",
    ):
        unconstrained_draws(compiled, tree_of(posterior=wrong))


def test_draws_outside_the_support_are_refused(compiled: CompiledModel, points: np.ndarray) -> None:
    posterior = stored(compiled, points)["posterior"].copy(deep=True)
    posterior["bounded"][0, 3] = 1e6
    with pytest.raises(ParameterError, match=r"1 draws of idata lie on the boundary of 'bounded'"):
        unconstrained_draws(compiled, tree_of(posterior=posterior))


def test_a_single_chain_must_keep_its_dimension(
    compiled: CompiledModel, points: np.ndarray
) -> None:
    posterior = stored(compiled, points)["posterior"].isel(chain=0)
    with pytest.raises(ParameterError, match=r"has no dimension chain, only draw"):
        unconstrained_draws(compiled, tree_of(posterior=posterior))


def test_what_holds_no_draws_is_refused(compiled: CompiledModel, points: np.ndarray) -> None:
    groups = stored(compiled, points)
    with pytest.raises(ParameterError, match=r"idata is a Dataset, not a DataTree; give what pm"):
        unconstrained_draws(compiled, groups["posterior"])
    with pytest.raises(ParameterError, match=r"no group 'posterior', only prior; give what"):
        unconstrained_draws(compiled, tree_of(prior=groups["posterior"]))
    with pytest.raises(ParameterError, match=r"no group 'posterior', only no groups"):
        unconstrained_draws(compiled, DataTree())


def test_nutpie_by_itself() -> None:
    """A user's own call, with and without points kept."""
    with pm.Model() as model:
        pm.Normal("y", pm.Normal("mu"), pm.HalfNormal("sigma"), observed=[0.3, 0.5])
    sampler, compiled = nutpie.compile_pymc_model(model), CompiledModel(model)
    options = {"draws": 30, "tune": 30, "chains": 2, "seed": 1, "progress_bar": False}
    plain, kept = (
        nutpie.sample(sampler, store_unconstrained=store, **options) for store in (False, True)
    )
    np.testing.assert_allclose(
        unconstrained_draws(compiled, plain).points,
        unconstrained_draws(compiled, kept).points,
        rtol=1e-9,
        atol=1e-12,
    )
