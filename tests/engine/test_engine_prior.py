"""Many draws of the prior in one call are independent, and distributed as one by one."""

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from bayes_leaks.engine import CompiledModel
from bayes_leaks.engine.prior import PriorSampler

SIZE = 4000


def hierarchy() -> pm.Model:
    with pm.Model() as model:
        spread = pm.HalfCauchy("spread", 1.0)
        level = pm.Normal("level", 2.0, 3.0)
        rates = pm.Gamma("rates", alpha=np.array([1.0, 2.5]), beta=1.0 + pm.math.exp(-level))
        pm.Normal("effects", level, spread + rates[0], shape=3)
        pm.Normal("shrunk", 0.0, pm.math.sqrt(rates[1]), shape=3)
        pm.StudentT("heavy", nu=3.0, mu=0.0, sigma=rates, shape=2)
        pm.Dirichlet("shares", np.array([1.0, 2.0, 3.0]))
        pm.MvNormal("pair", np.zeros(2) + level, cov=np.array([[1.0, 0.8], [0.8, 1.0]]))
        pm.Uniform("grid", 0.0, 1.0, shape=(2, 2))
    return model


def one_by_one(model: pm.Model, seed: int) -> dict[str, np.ndarray]:
    sampler = PriorSampler(model.free_RVs)
    draw, generators = sampler._one_draw
    pm.pytensorf.reseed_rngs(generators, seed)
    columns = zip(model.free_RVs, *(draw() for _ in range(SIZE)), strict=True)
    return {rv.name: np.stack(values) for rv, *values in columns}


@pytest.fixture(scope="module")
def both() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    model = hierarchy()
    return CompiledModel(model).draw_prior(SIZE, 1), one_by_one(model, 2)


def test_shapes_are_those_of_single_draws(both) -> None:
    rows, single = both
    assert {n: v.shape for n, v in rows.items()} == {n: v.shape for n, v in single.items()}


def flat(drawn: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([values.reshape(SIZE, -1) for values in drawn.values()], axis=1)


def test_marginals_and_rank_correlations_agree(both) -> None:
    rows, single = (flat(drawn) for drawn in both)
    for one, other in zip(rows.T, single.T, strict=True):
        assert stats.ks_2samp(one, other).pvalue > 1e-4
    apart = stats.spearmanr(rows).statistic - stats.spearmanr(single).statistic
    assert np.abs(apart).max() < 5.0 * np.sqrt(2.0 / SIZE)


def test_rows_are_independent_of_each_other(both) -> None:
    rows = flat(both[0])
    before, after = stats.rankdata(rows[:-1], axis=0), stats.rankdata(rows[1:], axis=0)
    for first, second in zip(before.T, after.T, strict=True):
        assert abs(np.corrcoef(first, second)[0, 1]) < 5.0 / np.sqrt(SIZE)
    assert len(np.unique(rows[:, 0])) == SIZE


def test_same_seed_same_draws_of_any_size() -> None:
    sampler = PriorSampler(hierarchy().free_RVs)
    first, again, other = sampler.draw(10, 1), sampler.draw(10, 1), sampler.draw(10, 2)
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
        assert not np.array_equal(first[name], other[name])
    assert len(sampler.draw(3, 1)["level"]) == 3
    assert len(sampler.draw(1, 1)["pair"]) == 1


def test_distributions_made_of_others_are_drawn_one_by_one() -> None:
    with pm.Model() as model:
        pm.Truncated("cut", pm.Normal.dist(0.0, 1.0), lower=0.5)
        pm.ZeroSumNormal("effects", shape=3)
    sampler = PriorSampler(model.free_RVs)
    assert not sampler._has_rows
    drawn = sampler.draw(50, 1)
    assert drawn["cut"].shape == (50,)
    assert (drawn["cut"] >= 0.5).all()
    np.testing.assert_allclose(drawn["effects"].sum(axis=1), 0.0, atol=1e-12)
