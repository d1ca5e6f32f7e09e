"""Sums over set partitions against Bell numbers and small sums written out."""

import numpy as np
import pytensor.tensor as pt
import pytest

from bayes_leaks.likelihood.groups import GROUP_SIZES
from bayes_leaks.likelihood.partitions import partition_sums

BELL = {2: 2, 4: 15, 8: 4140, 12: 4213597}


@pytest.mark.parametrize("size", GROUP_SIZES)
def test_blocks_of_weight_one_are_counted_by_bell_numbers(size: int) -> None:
    sums = partition_sums(pt.as_tensor(np.ones((3, 1 << size))), size).eval()
    assert sums.shape == (3, 1 << size)
    assert sums[:, -1].tolist() == [BELL[size]] * 3


def test_three_events_are_the_five_partitions_written_out() -> None:
    c = np.random.default_rng(5).uniform(0.1, 2.0, size=16)
    sums = partition_sums(pt.as_tensor(c[None]), 4).eval()[0]
    written_out = (
        c[0b001] * c[0b010] * c[0b100]
        + c[0b011] * c[0b100]
        + c[0b101] * c[0b010]
        + c[0b110] * c[0b001]
        + c[0b111]
    )
    assert sums[0b111] == pytest.approx(written_out, rel=1e-14)
