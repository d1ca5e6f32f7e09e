"""Manufacturing defects: batches share an unknown share of defective assets.

Within a batch an asset is defective with probability p, p ~ Beta(A, B) over batches; a defective
asset leaks at a Weibull age. The product over a batch's assets is a polynomial in p and 1 - p with
non-negative coefficients, and it is integrated over p exactly, one asset at a time, by Polya's urn:
after ``t`` assets of which ``j`` were defective, the next is defective with probability
``(A + j) / (A + B + t)``. The products of these ratios are the rising factorials of the beta
distribution, so nothing is subtracted and nothing cancels, however small the correlation.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_leaks.likelihood.exposure import Exposure, IntArray
from bayes_leaks.likelihood.groups import EventGroups

# Longer batches are computed in a loop instead of an unrolled graph, which would compile slowly.
MAX_UNROLLED = 12

ABSENT, SURVIVOR, LEAKER, OTHER_CAUSE = 0.0, 1.0, 2.0, 3.0


class BatchLaw(NamedTuple):
    """Beta distribution of the share of defective assets over batches, and the age at leak.

    Each field is a scalar tensor: the beta parameters ``a`` and ``b``, the mean defective share
    ``mean = a / (a + b)``, and the Weibull `shape` and `scale` (years).
    """

    a: TensorVariable
    b: TensorVariable
    mean: TensorVariable
    shape: TensorVariable
    scale: TensorVariable


def batch_law(
    rate: TensorVariable,
    share: TensorVariable,
    shape: TensorVariable,
    scale: TensorVariable,
    correlation: TensorVariable,
    planned: TensorVariable,
    total: TensorVariable,
) -> BatchLaw:
    """Derive the defective share that makes the expected number of defect leaks ``share * rate * E``.

    Parameters
    ----------
    rate : scalar
        Leaks per asset-year.
    share : scalar
        Share of the leaks that defects cause, in [0, 1].
    shape, scale : scalar
        Weibull distribution of the age at leak; `scale` in years.
    correlation : scalar
        Intra-class correlation of defects within a batch, in (0, 1).
    planned : tensor, shape (n_assets,)
        Planned lengths of exposure in years.
    total : scalar
        Weighted planned exposure E in asset-years.

    Returns
    -------
    BatchLaw
        Its `mean` may reach 1 or more: the likelihood is then zero.
    """
    expected_leaks = -pt.expm1(-((planned / scale) ** shape))
    mean = share * rate * total / expected_leaks.sum()
    strength = 1 / correlation - 1
    return BatchLaw(mean * strength, (1 - mean) * strength, mean, shape, scale)


DIMS = {
    "batch_age": ("batch_row", "batch_slot"),
    "batch_role": ("batch_row", "batch_slot"),
    "batch_weight": ("batch_row", "batch_slot"),
    "batch_is_free": ("batch_row",),
    "batch_rows_of_set": ("event_group", "event_set", "batch_of_group"),
    "batch_log_set_pad": ("event_group", "event_set"),
}


@dataclass(frozen=True, slots=True)
class BatchRows:
    """Batches as rows of a table, their assets in slots.

    Parameters
    ----------
    arrays : dict of str to ndarray
        ``batch_age`` (n_rows, slots), years at leak or censoring; ``batch_role`` (n_rows, slots), absent 0,
        survivor 1, leaker 2; ``batch_weight`` (n_rows, slots); absent slots come last.
    event_slot : ndarray of int, shape (n_events, 2)
        Row and slot of the asset of each event.
    """

    arrays: dict[str, np.ndarray]
    event_slot: IntArray

    @property
    def n_slots(self) -> int:
        """Number of assets of the largest batch."""
        return int(self.arrays["batch_age"].shape[1])


def rows(exposure: Exposure) -> BatchRows:
    """Arrange the fleet by batch.

    Parameters
    ----------
    exposure : Exposure

    Returns
    -------
    BatchRows
    """
    _, row = np.unique(exposure.batch, return_inverse=True)
    size = np.bincount(row)
    order = np.argsort(row, kind="stable")
    slot = np.empty(exposure.n_assets, dtype=np.int64)
    slot[order] = np.arange(exposure.n_assets) - np.repeat(np.cumsum(size) - size, size)
    shape = (len(size), int(size.max()))
    age, weight, role = np.ones(shape), np.ones(shape), np.full(shape, ABSENT)
    age[row, slot] = exposure.censor - exposure.start
    weight[row, slot] = exposure.weight
    role[row, slot] = SURVIVOR
    leaker = exposure.event_asset
    role[row[leaker], slot[leaker]] = LEAKER
    return BatchRows(
        {"batch_age": age, "batch_role": role, "batch_weight": weight}, np.stack([row[leaker], slot[leaker]], axis=1)
    )


@dataclass(frozen=True, slots=True)
class AssignedRows:
    """A batch row for every set of its events that defects could have caused.

    Parameters
    ----------
    arrays : dict of str to ndarray
        As in `BatchRows`; role 2 marks the leakers whose leak a defect caused, and role 3 those
        that leaked for another reason before any defect of theirs did. Further ``batch_is_free``
        (n_rows,), 1 for the batches without events; ``batch_rows_of_set`` (n_groups, 2**size,
        batches_of_group), for every set of a group's events the rows whose product is its weight,
        padded with -1; ``batch_log_set_pad`` (n_groups, 2**size), 0 for sets of events that exist and
        -inf for padding.
    """

    arrays: dict[str, np.ndarray]

    @property
    def n_slots(self) -> int:
        """Number of assets of the largest batch."""
        return int(self.arrays["batch_age"].shape[1])


def assigned_rows(exposure: Exposure, groups: EventGroups) -> AssignedRows:
    """List the batches without events once and the others once for each set of their events.

    Parameters
    ----------
    exposure : Exposure
    groups : EventGroups
        Groups of events that share a batch or a shock.

    Returns
    -------
    AssignedRows
    """
    base = rows(exposure)
    event_row, event_slot = base.event_slot.T
    with_events = np.unique(event_row)
    free = np.setdiff1d(np.arange(len(base.arrays["batch_age"])), with_events)
    source, role = [free], [base.arrays["batch_role"][free]]
    row_of: dict[tuple[int, frozenset[int]], int] = {}
    n_rows = len(free)
    for batch_row in with_events:
        events = np.flatnonzero(event_row == batch_row)
        for mask in range(1 << len(events)):
            assigned = events[[bit for bit in range(len(events)) if mask >> bit & 1]]
            roles = base.arrays["batch_role"][batch_row].copy()
            roles[event_slot[events]] = OTHER_CAUSE
            roles[event_slot[assigned]] = LEAKER
            source.append(np.array([batch_row]))
            role.append(roles[None, :])
            row_of[batch_row, frozenset(assigned.tolist())] = n_rows
            n_rows += 1
    picked = np.concatenate(source)
    rows_of_set, log_set_pad = _rows_of_sets(groups, event_row, row_of)
    arrays = {
        "batch_age": base.arrays["batch_age"][picked],
        "batch_role": np.concatenate(role),
        "batch_is_free": (np.arange(n_rows) < len(free)).astype(float),
        "batch_rows_of_set": rows_of_set,
        "batch_log_set_pad": log_set_pad,
    }
    return AssignedRows(arrays)


def _rows_of_sets(
    groups: EventGroups,
    event_row: IntArray,
    row_of: dict[tuple[int, frozenset[int]], int],
) -> tuple[IntArray, np.ndarray]:
    """For every set of a group's events, the rows of its batches under that assignment."""
    batches = [np.unique(event_row[events]) for events in groups.events]
    width = max((len(batch) for batch in batches), default=1)
    shape = (len(groups.events), 1 << groups.size)
    index = np.full((*shape, width), -1, dtype=np.int64)
    log_pad = np.full(shape, -np.inf)
    for g, events in enumerate(groups.events):
        for mask in range(1 << len(events)):
            assigned = {int(event) for bit, event in enumerate(events) if mask >> bit & 1}
            log_pad[g, mask] = 0.0
            for k, batch_row in enumerate(batches[g]):
                own = frozenset(e for e in assigned if event_row[e] == batch_row)
                index[g, mask, k] = row_of[batch_row, own]
    return index, log_pad


def log_expectation(
    healthy: TensorVariable, defective: TensorVariable, law: BatchLaw, role: TensorVariable,
    n_slots: int,
) -> TensorVariable:
    r"""Log of :math:`E_p \prod_i [X_i (1 - p) + Y_i p]` for every row, p ~ Beta(A, B).

    Parameters
    ----------
    healthy, defective : tensors, shape (n_rows, slots)
        The factors X and Y, non-negative.
    law : BatchLaw
    role : tensor, shape (n_rows, slots)
        Absent slots (role 0) come last in a row and are skipped.
    n_slots : int
        Number of slots; known when the graph is built.

    Returns
    -------
    tensor, shape (n_rows,)
    """
    n_defective = np.arange(n_slots + 1.0)
    start = pt.concatenate(
        [pt.ones_like(healthy[:, :1]), pt.zeros((healthy.shape[0], n_slots))], axis=1
    )

    def add_asset(
        t: float | TensorVariable, x: TensorVariable, y: TensorVariable, slot_role: TensorVariable,
        weight: TensorVariable, a: TensorVariable, b: TensorVariable,
    ) -> TensorVariable:
        total = a + b + t
        # Counts above t have no weight yet; the maximum only keeps their factor from a sign.
        stays = weight * x[:, None] * pt.maximum(b + t - n_defective, 0.0) / total
        joins = (weight * y[:, None] * (a + n_defective) / total)[:, :-1]
        grown = stays + pt.concatenate([pt.zeros_like(weight[:, :1]), joins], axis=1)
        return pt.switch(pt.gt(slot_role, ABSENT)[:, None], grown, weight)

    if n_slots <= MAX_UNROLLED:
        weight = start
        for t in range(n_slots):
            weight = add_asset(
                float(t), healthy[:, t], defective[:, t], role[:, t], weight, law.a, law.b
            )
    else:
        steps = pytensor.scan(
            add_asset,
            sequences=[pt.arange(n_slots, dtype="float64"), healthy.T, defective.T, role.T],
            outputs_info=start,
            non_sequences=[law.a, law.b],
            return_updates=False,
        )
        weight = steps[-1]
    return pt.log(weight.sum(axis=1))


def weibull(age: TensorVariable, law: BatchLaw) -> tuple[TensorVariable, TensorVariable]:
    """Survival and density (per year) of the age at leak of a defective asset."""
    log_relative = pt.log(age) - pt.log(law.scale)
    hazard_sum = pt.exp(law.shape * log_relative)
    survival = pt.exp(-hazard_sum)
    density = pt.exp(
        pt.log(law.shape) - pt.log(law.scale) + (law.shape - 1) * log_relative - hazard_sum
    )
    return survival, density


def impossible_as_zero(log_density: TensorVariable, law: BatchLaw) -> TensorVariable:
    """Minus infinity where the rate would need a defective share of one or more."""
    return pt.switch(pt.lt(law.mean, 1.0), log_density, -np.inf)
