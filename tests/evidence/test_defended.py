"""A defended proposal: normalised, drawn from faithfully, wide in the tails, of even shares."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bayes_leaks.evidence.proposals import Defended, NormalProposal, StudentProposal
from bayes_leaks.evidence.proposals.defended import SMALLEST_SET, defended

Floats = NDArray[np.float64]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(3))
def test_a_defended_proposal_is_normalised_and_drawn_from_faithfully(seed: int) -> None:
    points = rng(seed).normal(size=(1000, 2)) @ np.array([[1.0, 0.8], [0.0, 0.5]])
    proposal = Defended.around(StudentProposal.fit(points), points)
    drawn = proposal.draw(2**14, rng(seed))
    wide = StudentProposal(NormalProposal.fit(2.0 * drawn), 4.0)
    outer = wide.draw(2**15, rng(seed + 100))
    mass = np.exp(proposal.log_density(outer) - wide.log_density(outer))
    assert mass.mean() == pytest.approx(1.0, abs=0.01)
    by_density = (mass[:, None] * np.tanh(outer)).mean(axis=0)
    np.testing.assert_allclose(by_density, np.tanh(drawn).mean(axis=0), atol=0.02)


def test_a_defended_proposal_is_wider_in_the_tails_than_what_it_defends() -> None:
    points = rng().normal(size=(1000, 2))
    fitted = StudentProposal.fit(points)
    far = np.array([[12.0, 0.0], [0.0, -15.0]])
    ahead = Defended.around(fitted, points).log_density(far) - fitted.log_density(far)
    assert (ahead > 2.0).all()


@pytest.mark.parametrize("size", [SMALLEST_SET, 64, 4096])
def test_one_point_in_eight_is_wide(size: int) -> None:
    points = rng().normal(size=(1000, 2))
    tight = StudentProposal(NormalProposal(np.full(2, 500.0), np.eye(2)))
    drawn = Defended.around(tight, points).draw(size, rng(1))
    assert drawn.shape == (size, 2)
    assert (drawn[:, 0] < 250.0).sum() == size // 8


def test_a_way_to_fit_is_defended() -> None:
    points = rng().normal(size=(1000, 2))
    found = defended(StudentProposal.fit)(points)
    expected = Defended.around(StudentProposal.fit(points), points)
    np.testing.assert_array_equal(found.log_density(points), expected.log_density(points))
