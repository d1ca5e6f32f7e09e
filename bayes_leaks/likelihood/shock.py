"""Common cause as shocks: a Poisson process of shocks, each marking exposed assets that leak later.

The binomial-failure-rate model of probabilistic risk assessment with a latency. Shocks are
integrated out exactly: between changes of the exposed set every integrand is a polynomial in
``y = exp((u - v) / latency)``, ``v`` the end of the piece, so Gauss-Legendre quadrature in ``y`` of
sufficient order has no error but rounding. Everything is a sum of positive terms.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_leaks.likelihood import partitions
from bayes_leaks.likelihood.exposure import Exposure
from bayes_leaks.likelihood.groups import EventGroups
from bayes_leaks.likelihood.segments import Segments, cut

# Gauss-Legendre is exact up to a concurrency of twice this; beyond, its error is far below
# rounding for these smooth integrands (tested), and the cost stays linear in the concurrency.
MAX_NODES = 32

ABSENT, EXPOSED, MARKED = 0.0, 1.0, 2.0


@dataclass(frozen=True, slots=True)
class ShockLayout:
    """Arrays from which the shock integrals are computed.

    The calendar pieces of an integral stand in lines of equal length. The first lines belong to the
    sets of events, group by group and set by set, one line each; the last lines together cover the
    calendar once, for the void. Padding has length zero and adds nothing.

    Parameters
    ----------
    arrays : dict of str to ndarray
        ``shock_length`` (lines, pieces, 1), the length of each piece in years;
        ``shock_n_exposed`` (lines, pieces, 1), the number of assets exposed during it;
        ``shock_until_end`` (lines, pieces, 1, slots), years from the end of the piece to the end of
        the exposure of each asset; ``shock_role`` (lines, pieces, 1, slots), absent 0, exposed 1,
        marked by the shock and leaking in this set 2; ``shock_is_void`` (lines,), 1 for the last
        lines; ``shock_single_weight`` (n_groups, 2**size), the weight of the asset of a set of one
        event and 0 for other sets; ``shock_neutral`` (n_groups, 2**size), 1 for single events that
        a smaller group does not have, else 0.
    n_nodes : int
        Number of Gauss-Legendre nodes.
    group_size : int
        Number of events a group can hold.
    """

    arrays: dict[str, np.ndarray]
    n_nodes: int
    group_size: int


DIMS: dict[str, tuple[str, ...]] = {
    "shock_length": ("shock_line", "shock_piece", "one"),
    "shock_n_exposed": ("shock_line", "shock_piece", "one"),
    "shock_until_end": ("shock_line", "shock_piece", "one", "shock_slot"),
    "shock_role": ("shock_line", "shock_piece", "one", "shock_slot"),
    "shock_is_void": ("shock_line",),
    "shock_single_weight": ("event_group", "event_set"),
    "shock_neutral": ("event_group", "event_set"),
}


def layout(exposure: Exposure, groups: EventGroups) -> ShockLayout:
    """Lay out the pieces of calendar time for every set of events and for the void.

    Parameters
    ----------
    exposure : Exposure
    groups : EventGroups
        Groups of events that share a shock (or, with competing causes, a batch).

    Returns
    -------
    ShockLayout
    """
    segments = cut(exposure)
    n_sets = 1 << groups.size
    sets = list(_events_of_sets(groups))
    pieces = [_pieces_of_set(exposure, segments, events) for events in sets]
    width = max(1, *map(len, pieces)) if pieces else 16
    occupied = np.flatnonzero(segments.members[:, 0] >= 0)
    n_void = -(-len(occupied) // width)
    piece = np.full((len(sets) + n_void, width), -1)
    for line, own in zip(piece, pieces, strict=False):
        line[: len(own)] = own
    piece[len(sets) :].flat[: len(occupied)] = occupied

    member = np.where(piece[:, :, None] >= 0, segments.members[piece], -1)
    marked = np.zeros(member.shape, dtype=bool)
    for k, events in enumerate(sets):
        marked[k] = np.isin(member[k], exposure.event_asset[events])
    present = member >= 0
    until_end = exposure.censor[member] - segments.right[piece][:, :, None]
    single_weight = np.zeros((len(groups.events), n_sets))
    neutral = np.zeros((len(groups.events), n_sets))
    for g, events in enumerate(groups.events):
        own = 1 << np.arange(len(events))
        single_weight[g, own] = exposure.weight[exposure.event_asset[events]]
        neutral[g, 1 << np.arange(len(events), groups.size)] = 1.0
    arrays = {
        "shock_length": np.where(piece >= 0, segments.right[piece] - segments.left[piece], 0.0)[
            :, :, None
        ],
        "shock_n_exposed": present.sum(axis=-1, dtype=float)[:, :, None],
        "shock_until_end": np.where(present, until_end, 0.0)[:, :, None, :],
        "shock_role": np.where(present, np.where(marked, MARKED, EXPOSED), ABSENT)[:, :, None, :],
        "shock_is_void": (np.arange(len(piece)) >= len(sets)).astype(float),
        "shock_single_weight": single_weight,
        "shock_neutral": neutral,
    }
    return ShockLayout(arrays, min(MAX_NODES, (member.shape[-1] + 1) // 2), groups.size)


def _events_of_sets(groups: EventGroups) -> Iterator[np.ndarray]:
    """Events of every set of every group, in table order; none for sets that do not exist."""
    for events in groups.events:
        for mask in range(1 << groups.size):
            bits = [bit for bit in range(groups.size) if mask >> bit & 1]
            exists = all(bit < len(events) for bit in bits)
            yield events[bits] if exists else events[:0]


def _pieces_of_set(exposure: Exposure, segments: Segments, events: np.ndarray) -> np.ndarray:
    """Pieces in which a shock could have marked all assets of the set before any leaked."""
    if len(events) == 0:
        return np.empty(0, dtype=np.int64)
    latest_start = exposure.start[exposure.event_asset[events]].max()
    earliest_leak = exposure.event_time[events].min()
    inside = (segments.left >= latest_start) & (segments.right <= earliest_leak)
    return np.flatnonzero(inside)


def shock_rate(
    rate: TensorVariable,
    share: TensorVariable,
    hit_probability: TensorVariable,
    latency: TensorVariable,
    planned: TensorVariable,
    total: TensorVariable,
) -> TensorVariable:
    """Shocks per calendar year that make the expected number of shock leaks ``share * rate * E``.

    Parameters
    ----------
    rate : scalar
        Leaks per asset-year.
    share : scalar
        Share of the leaks that shocks cause, in [0, 1].
    hit_probability : scalar
        Probability that a shock marks an exposed asset, in (0, 1].
    latency : scalar
        Mean delay from shock to leak in years, positive.
    planned : tensor, shape (n_assets,)
        Planned lengths of exposure in years.
    total : scalar
        Weighted planned exposure E in asset-years.

    Returns
    -------
    scalar
    """
    expected_per_hit = (planned + latency * pt.expm1(-planned / latency)).sum()
    return share * rate * total / (hit_probability * expected_per_hit)


def integrals(
    rate: TensorVariable,
    hit_probability: TensorVariable,
    latency: TensorVariable,
    arrays: dict[str, TensorVariable],
    n_nodes: int,
) -> tuple[TensorVariable, TensorVariable]:
    r"""Exact integrals over the time of a shock.

    Parameters
    ----------
    rate : scalar
        Leaks per asset-year; the unit in which the densities of sets of events are given.
    hit_probability, latency : scalar
    arrays : dict of str to tensor
        As in `ShockLayout`.
    n_nodes : int

    Returns
    -------
    void : scalar
        :math:`\int (1 - W(u))\,du` in years, W the probability that a shock at u leads to no
        leak before the assets' exposure ends.
    struck : tensor, shape (n_groups, 2**size)
        :math:`\lambda^{-|B|} \int \prod_{k \in B} \frac h\tau e^{-(t_k-u)/\tau} \prod_{i \notin
        B} (1 - h + h e^{-(c_i-u)/\tau})\,du` in years for every set B, 0 where none exists.
    """
    node, node_weight = np.polynomial.legendre.leggauss(n_nodes)
    relative_length = arrays["shock_length"] / latency
    span = -pt.expm1(-relative_length)
    y = 1 - span * ((1 - node) / 2)
    # du = latency dy / y
    step = latency * span * (node_weight / 2) / y
    log_decay = pt.log(y)[:, :, :, None] - arrays["shock_until_end"] / latency
    role = arrays["shock_role"]
    log_spared = pt.log1p(hit_probability * pt.expm1(log_decay))
    log_struck = pt.log(hit_probability / (latency * rate)) + log_decay
    log_factor = pt.switch(
        pt.eq(role, EXPOSED), log_spared, pt.switch(pt.eq(role, MARKED), log_struck, 0.0)
    )
    log_product = log_factor.sum(axis=-1)
    per_line = (step * pt.exp(log_product)).sum(axis=(1, 2))

    # The constant term of the polynomial is integrated apart, since the rest vanishes with y.
    n_exposed = arrays["shock_n_exposed"]
    # A shock that marks every asset would give 0 * inf where nobody is exposed.
    log_missed = pt.switch(pt.gt(n_exposed, 0), n_exposed * pt.log1p(-hit_probability), 0.0)
    at_zero = -pt.expm1(log_missed)
    rest = step * (at_zero + pt.expm1(log_product))
    line_void = (at_zero * arrays["shock_length"]).sum(axis=(1, 2)) - rest.sum(axis=(1, 2))
    void = (line_void * arrays["shock_is_void"]).sum()

    table = arrays["shock_single_weight"].shape
    return void, per_line[: table[0] * table[1]].reshape(table)


def partition_sums(
    struck: TensorVariable,
    shock_rate: TensorVariable,
    background_share: TensorVariable,
    arrays: dict[str, TensorVariable],
    group_size: int,
) -> TensorVariable:
    """Sum over all ways in which shocks and the background share out each set of events.

    Parameters
    ----------
    struck : tensor, shape (n_groups, 2**group_size)
        From `integrals`.
    shock_rate : scalar
        Shocks per calendar year.
    background_share : scalar
        Share of the leak rate that is background.
    arrays : dict of str to tensor
        As in `ShockLayout`.
    group_size : int

    Returns
    -------
    tensor, shape (n_groups, 2**group_size)
        In units of the leak rate to the power of the number of events.
    """
    block = (
        shock_rate * struck
        + background_share * arrays["shock_single_weight"]
        + arrays["shock_neutral"]
    )
    return partitions.partition_sums(block, group_size)
