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

# Larger batches are computed in a loop: unrolled, their graph would compile slowly.
MAX_UNROLLED = 12

ABSENT, SURVIVOR, LEAKER, OTHER_CAUSE = 0.0, 1.0, 2.0, 3.0

DIMS: dict[str, tuple[str, ...]] = {
    "batch_age": ("batch_slot", "batch_row"),
    "batch_role": ("batch_slot", "batch_row"),
    "batch_weight": ("batch_slot", "batch_row"),
    "batch_seen": ("batch_slot", "batch_row"),
    "batch_is_free": ("batch_row",),
    "batch_set_exists": ("event_group", "event_set", "batch_of_group"),
}


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
    """Derive the defective share for an expected number of defect leaks of ``share * rate * E``.

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


@dataclass(frozen=True, slots=True)
class BatchRows:
    """Batches as rows of a table, their assets in slots.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Each of shape (slots, n_rows): ``batch_age``, years at leak or censoring; ``batch_role``,
        absent 0, survivor 1, leaker 2; ``batch_weight``; ``batch_seen``, the number of assets in
        earlier slots. Absent slots come first.
    row, slot : ndarray of int, shape (n_events,)
        Place of the asset of each event.
    """

    arrays: dict[str, np.ndarray]
    row: IntArray
    slot: IntArray

    @property
    def n_slots(self) -> int:
        """Number of assets of the largest batch."""
        return len(self.arrays["batch_age"])


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
    n_slots = int(size.max())
    order = np.argsort(row, kind="stable")
    rank = np.arange(exposure.n_assets) - np.repeat(np.cumsum(size) - size, size)
    slot = np.empty(exposure.n_assets, dtype=np.int64)
    slot[order] = rank + np.repeat(n_slots - size, size)
    shape = (n_slots, len(size))
    age, weight, role = np.ones(shape), np.ones(shape), np.full(shape, ABSENT)
    age[slot, row] = exposure.censor - exposure.start
    weight[slot, row] = exposure.weight
    role[slot, row] = SURVIVOR
    leaker = exposure.event_asset
    role[slot[leaker], row[leaker]] = LEAKER
    arrays = {
        "batch_age": age,
        "batch_role": role,
        "batch_weight": weight,
        "batch_seen": np.maximum(np.arange(n_slots)[:, None] - (n_slots - size), 0.0),
    }
    return BatchRows(arrays, row[leaker], slot[leaker])


def assigned_rows(exposure: Exposure, groups: EventGroups) -> BatchRows:
    """Arrange the fleet by batch, once for every set of events that defects could have caused.

    Parameters
    ----------
    exposure : Exposure
    groups : EventGroups
        Groups of events that share a batch or a shock.

    Returns
    -------
    BatchRows
        The first rows stand for the sets of events: group by group, set by set, one for each batch
        of the group, with role 2 for the leakers of the set and role 3 for those that leaked for
        another reason before any defect of theirs did. The last rows are the batches without
        events. Further arrays: ``batch_is_free`` (n_rows,), 1 for these last; ``batch_set_exists``
        (n_groups, 2**size, batches_of_group), 1 where the set exists and 0 for padding.
    """
    base = rows(exposure)
    # One more row, of no assets at all, pads groups that span fewer batches than others.
    table = {name: np.pad(array, ((0, 0), (0, 1))) for name, array in base.arrays.items()}
    table["batch_age"][:, -1] = 1.0
    no_batch = table["batch_age"].shape[1] - 1
    own_rows = [np.unique(base.row[events]) for events in groups.events]
    width = max(map(len, own_rows), default=1)
    n_sets = 1 << groups.size
    exists = np.zeros((len(groups.events), n_sets, width))
    source: list[int] = []
    roles: list[np.ndarray] = []
    for g, events in enumerate(groups.events):
        exists[g, : 1 << len(events)] = 1.0
        padded = np.pad(own_rows[g], (0, width - len(own_rows[g])), constant_values=no_batch)
        for mask in range(n_sets):
            by_defect = (mask >> np.arange(len(events)) & 1).astype(bool)
            for row in padded:
                here = base.row[events] == row
                role = table["batch_role"][:, row].copy()
                role[base.slot[events[here]]] = np.where(by_defect[here], LEAKER, OTHER_CAUSE)
                source.append(row)
                roles.append(role)
    free = np.setdiff1d(np.arange(no_batch), base.row)
    picked = np.concatenate([np.array(source, dtype=np.int64), free])
    assigned = np.reshape(roles, (len(roles), base.n_slots)).T
    arrays = {
        "batch_age": table["batch_age"][:, picked],
        "batch_role": np.concatenate([assigned, table["batch_role"][:, free]], axis=1),
        "batch_seen": table["batch_seen"][:, picked],
        "batch_is_free": (np.arange(len(picked)) >= len(source)).astype(float),
        "batch_set_exists": exists,
    }
    return BatchRows(arrays, base.row, base.slot)


def expectation(
    healthy: TensorVariable,
    defective: TensorVariable,
    law: BatchLaw,
    arrays: dict[str, TensorVariable],
    n_slots: int,
) -> TensorVariable:
    r""":math:`E_p \prod_i [X_i (1 - p) + Y_i p]` for every row, p ~ Beta(A, B).

    Parameters
    ----------
    healthy, defective : tensors, shape (slots, n_rows)
        The factors X and Y, non-negative.
    law : BatchLaw
    arrays : dict of str to tensor
        As in `BatchRows`.
    n_slots : int
        Number of slots; known when the graph is built.

    Returns
    -------
    tensor, shape (n_rows,)
    """
    seen = arrays["batch_seen"]
    present = pt.gt(arrays["batch_role"], ABSENT)
    total = law.a + law.b + seen
    # Absent slots come first and pass the start of the urn on: 1 / b cancels the factor b.
    stays = pt.switch(present, healthy / total, 1 / law.b)
    joins = pt.switch(present, defective / total, 0.0)
    if n_slots <= MAX_UNROLLED:
        return _draw_unrolled(stays, joins, seen, law, n_slots)
    return _draw_in_loop(stays, joins, seen, law, n_slots)


def _draw_unrolled(
    stays: TensorVariable, joins: TensorVariable, seen: TensorVariable, law: BatchLaw, n_slots: int
) -> TensorVariable:
    """Draw the assets one by one; ``weight[j]`` belongs to j defective ones so far."""
    weight: list[TensorVariable] = [pt.ones_like(stays[0])]
    for t in range(n_slots):
        kept = [w * stays[t] * (law.b + (seen[t] - j)) for j, w in enumerate(weight)]
        moved = [w * joins[t] * (law.a + j) for j, w in enumerate(weight)]
        inner = [stay + move for stay, move in zip(kept[1:], moved[:-1], strict=True)]
        weight = [kept[0], *inner, moved[-1]]
    return sum(weight[1:], weight[0])


def _draw_in_loop(
    stays: TensorVariable, joins: TensorVariable, seen: TensorVariable, law: BatchLaw, n_slots: int
) -> TensorVariable:
    """Draw the assets one by one, as `_draw_unrolled`, in a graph that does not grow."""
    n_defective = np.arange(n_slots + 1.0)[:, None]
    is_none = (n_defective == 0).astype(float)

    def draw(
        stay: TensorVariable,
        join: TensorVariable,
        seen: TensorVariable,
        weight: TensorVariable,
        a: TensorVariable,
        b: TensorVariable,
    ) -> TensorVariable:
        # Counts above the number seen have no weight; the maximum keeps their factor from a sign.
        kept = weight * stay * (b + pt.maximum(seen - n_defective, 0.0))
        moved = (weight * join * (a + n_defective))[:-1]
        return kept + pt.concatenate([pt.zeros_like(moved[:1]), moved], axis=0)

    weight = pytensor.scan(
        draw,
        sequences=[stays, joins, seen],
        outputs_info=is_none * pt.ones_like(stays[:1]),
        non_sequences=[law.a, law.b],
        return_updates=False,
    )
    return weight[-1].sum(axis=0)


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
