"""The fingerprint of a model's data: the same for the same values, and for no others."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest

from bayes_leaks.user_model import data_digest

Y = np.array([0.0, 1.0, 4.0, 2.0])
Z = np.array([5.0, 7.0])


def normal(observed: object, name: str = "y") -> pm.Model:
    with pm.Model() as model:
        pm.Normal(name, pm.Normal("mu"), 1.0, observed=observed)
    return model


def two(first: object, second: object) -> pm.Model:
    with pm.Model() as model:
        mu = pm.Normal("mu")
        pm.Normal("one", mu, 1.0, observed=first)
        pm.StudentT("other", nu=4.0, mu=mu, observed=second)
    return model


def in_data(values: np.ndarray) -> pm.Model:
    with pm.Model() as model:
        pm.Normal("y", pm.Normal("mu"), 1.0, observed=pm.Data("data", values))
    return model


def counts(values: np.ndarray) -> pm.Model:
    with pm.Model() as model:
        pm.Poisson("y", pm.Exponential("rate", 1.0), observed=values)
    return model


def logarithms() -> pm.Model:
    with pm.Model() as model:
        data = pm.Data("data", np.exp(Y))
        pm.Normal("y", pm.Normal("mu"), 1.0, observed=pt.log(data))
    return model


@pytest.mark.parametrize(
    "model",
    [
        normal(Y, name="height"),
        normal(Y.tolist()),
        normal(Y.astype(np.float32)),
        normal(np.where(Y == 0.0, -0.0, Y)),
        normal(Y[:, None]),
        in_data(Y),
        counts(Y.astype(int)),
        counts(Y.astype(np.uint8)),
        logarithms(),
    ],
    ids=["name", "list", "float32", "zero", "column", "pm.Data", "int", "uint8", "computed"],
)
def test_the_same_values_have_the_same_digest(model: pm.Model) -> None:
    assert data_digest(model) == data_digest(normal(Y))


@pytest.mark.parametrize(
    "observed",
    [Y + 1e-9, 1000.0 * Y, np.log1p(Y), Y[::-1], Y[:-1], Y.reshape(2, 2), np.append(Y, 0.0)],
    ids=["value", "units", "transformed", "order", "fewer", "shape", "more"],
)
def test_other_values_have_another(observed: np.ndarray) -> None:
    assert data_digest(normal(observed)) != data_digest(normal(Y))


def test_several_observed_variables_may_come_in_any_order() -> None:
    digest = data_digest(two(Y, Z))
    assert data_digest(two(Z, Y)) == digest
    assert len({digest, data_digest(normal(Y)), data_digest(normal(np.append(Y, Z)))}) == 3


def test_swapped_data_change_it_and_swapped_back_restore_it() -> None:
    model = in_data(Y)
    before = data_digest(model)
    pm.set_data({"data": Z}, model=model)
    assert data_digest(model) == data_digest(normal(Z)) != before
    pm.set_data({"data": Y}, model=model)
    assert data_digest(model) == before


def test_values_that_were_not_observed_are_left_out() -> None:
    """Imputing a missing value and leaving it out is about the same data."""
    with pytest.warns(Warning, match="missing values"):
        imputing = normal(np.append(Y, np.nan))
    assert data_digest(imputing) == data_digest(normal(Y))


def test_covariates_are_no_data() -> None:
    with pm.Model() as regression:
        mu = pm.Normal("mu") * pm.Data("x", np.arange(4.0))
        pm.Normal("y", mu, 1.0, observed=Y)
    assert data_digest(regression) == data_digest(normal(Y))


def test_a_computed_value_is_not_mistaken_for_its_source() -> None:
    with pm.Model() as squares:
        pm.Normal("y", pm.Normal("mu"), 1.0, observed=pm.Data("data", Y) ** 2)
    assert data_digest(squares) == data_digest(normal(Y**2))


def test_minibatches_and_models_without_data_have_none() -> None:
    with pm.Model() as nothing:
        pm.Potential("likelihood", -(pm.Normal("mu") ** 2))
    assert data_digest(nothing) == ""
    with pm.Model() as part:
        batch = pm.Minibatch(Y, batch_size=2)
        pm.Normal("y", pm.Normal("mu"), 1.0, observed=batch, total_size=len(Y))
    assert data_digest(part) == ""
