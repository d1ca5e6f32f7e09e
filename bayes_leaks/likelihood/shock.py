"""Common cause as shocks: a Poisson process of shocks, each marking exposed assets that leak later.

The binomial-failure-rate model of probabilistic risk assessment with a latency. Shocks are
integrated out exactly: between changes of the exposed set every integrand is a polynomial in
``y = exp((u - v) / latency)``, ``v`` the end of the piece, so Gauss-Legendre quadrature in ``y`` of
sufficient order has no error but rounding. Everything is a sum of positive terms.
"""

from dataclasses import dataclass

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_leaks.likelihood import partitions
from bayes_leaks.likelihood.exposure import Exposure
from bayes_leaks.likelihood.groups import EventGroups, can_share_shock, shock_blocks
from bayes_leaks.likelihood.segments import Segments, cut

# Gauss-Legendre is exact up to a concurrency of twice this; beyond, its error is far below
# rounding for these smooth integrands (tested), and the cost stays linear in the concurrency.
MAX_NODES = 32

ABSENT, EXPOSED, MARKED = 0.0, 1.0, 2.0


@dataclass(frozen=True, slots=True)
class ShockLayout:
    """Arrays from which the shock integrals are computed.

    A row is a piece of calendar time with the assets exposed during it. The first `n_void` rows
    cover the calendar once; then come `n_pieces` rows for each block of events.

    Parameters
    ----------
    arrays : dict of str to ndarray
        ``shock_piece_length`` (n_rows,), the length of each piece in years;
        ``shock_until_end`` (n_rows, slots), years from the end of the piece to the end of the
        exposure of each asset; ``shock_role`` (n_rows, slots), absent 0, exposed 1, marked by the
        shock and leaking in this block 2; ``shock_log_pad`` (n_blocks, n_pieces), 0 for rows that
        exist and -inf for padding; ``shock_log_single_weight`` (n_blocks,), the log weight of the
        asset of a block of one event, -inf for larger blocks; ``shock_block_group`` and
        ``shock_block_mask`` (n_blocks,), the place of each block in the table of subsets;
        ``shock_empty_table`` (n_groups, 2**size), that table before it is filled.
    n_nodes : int
        Number of Gauss-Legendre nodes.
    group_size : int
        Number of events a group can hold.
    """

    arrays: dict[str, np.ndarray]
    n_nodes: int
    group_size: int


DIMS = {
    "shock_piece_length": ("shock_row",),
    "shock_until_end": ("shock_row", "shock_slot"),
    "shock_role": ("shock_row", "shock_slot"),
    "shock_log_pad": ("event_block", "block_piece"),
    "shock_log_single_weight": ("event_block",),
    "shock_block_group": ("event_block",),
    "shock_block_mask": ("event_block",),
    "shock_empty_table": ("event_group", "event_set"),
}


def layout(exposure: Exposure, groups: EventGroups) -> ShockLayout:
    """Lay out the pieces of calendar time for the void and for every block.

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
    blocks = shock_blocks(groups, can_share_shock(exposure))
    slots = segments.members.shape[1]
    occupied = np.flatnonzero(segments.members[:, 0] >= 0)
    rows_of_block = [_pieces_of_block(exposure, segments, events) for events in blocks.events]
    n_pieces = max((len(rows) for rows in rows_of_block), default=1)
    rows = [occupied]
    log_pad = np.full((len(rows_of_block), n_pieces), -np.inf)
    marked: list[np.ndarray] = [np.zeros((len(occupied), slots), dtype=bool)]
    for k, (pieces, events) in enumerate(zip(rows_of_block, blocks.events, strict=True)):
        log_pad[k, : len(pieces)] = 0.0
        padded = np.pad(pieces, (0, n_pieces - len(pieces)), mode="edge")
        rows.append(padded)
        marked.append(np.isin(segments.members[padded], exposure.event_asset[events]))
    row = np.concatenate(rows)
    member = segments.members[row]
    present = member >= 0
    until_end = np.where(present, exposure.censor[member] - segments.right[row][:, None], 0.0)
    role = np.where(present, np.where(np.concatenate(marked), MARKED, EXPOSED), ABSENT)
    log_weight = np.log(exposure.weight[exposure.event_asset])
    log_single_weight = np.array(
        [log_weight[events[0]] if len(events) == 1 else -np.inf for events in blocks.events]
    )
    arrays = {
        "shock_piece_length": (segments.right - segments.left)[row],
        "shock_until_end": until_end,
        "shock_role": role,
        "shock_log_pad": log_pad,
        "shock_log_single_weight": log_single_weight,
        "shock_block_group": blocks.group,
        "shock_block_mask": blocks.mask,
        "shock_empty_table": partitions.empty_table(groups),
    }
    return ShockLayout(arrays, min(MAX_NODES, (slots + 1) // 2), groups.size)


def _pieces_of_block(exposure: Exposure, segments: Segments, events: np.ndarray) -> np.ndarray:
    """Pieces in which a shock could have marked all assets of the block before any leaked."""
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
    hit_probability: TensorVariable,
    latency: TensorVariable,
    arrays: dict[str, TensorVariable],
    n_nodes: int,
) -> tuple[TensorVariable, TensorVariable]:
    r"""Exact integrals over the time of a shock.

    Parameters
    ----------
    hit_probability, latency : scalar
    arrays : dict of str to tensor
        As in `ShockLayout`.
    n_nodes : int

    Returns
    -------
    void : scalar
        :math:`\int (1 - W(u))\,du` in years, W the probability that a shock at u leads to no
        leak before the assets' exposure ends.
    log_block : tensor, shape (n_blocks,)
        :math:`\log \int \prod_{k \in B} \frac h\tau e^{-(t_k-u)/\tau} \prod_{i \notin B}
        (1 - h + h e^{-(c_i-u)/\tau})\,du` for every block.
    """
    node, node_weight = np.polynomial.legendre.leggauss(n_nodes)
    node, node_weight = (node + 1) / 2, node_weight / 2
    length, role = arrays["shock_piece_length"][:, None], arrays["shock_role"][:, None, :]
    span = -pt.expm1(-length / latency)
    y = pt.exp(-length / latency) + span * node
    # du = latency dy / y
    step = latency * span * node_weight / y
    log_decay = pt.log(y)[:, :, None] - arrays["shock_until_end"][:, None, :] / latency
    log_spared = pt.log1p(hit_probability * pt.expm1(log_decay))
    log_struck = pt.log(hit_probability) - pt.log(latency) + log_decay
    log_factor = pt.switch(pt.eq(role, EXPOSED), log_spared, 0.0)
    log_factor = pt.switch(pt.eq(role, MARKED), log_struck, log_factor)
    log_product = log_factor.sum(axis=-1)

    n_blocks, n_pieces = arrays["shock_log_pad"].shape
    n_void = length.shape[0] - n_blocks * n_pieces
    concurrency = (arrays["shock_role"][:n_void] > ABSENT).sum(axis=-1)
    # The constant term of the polynomial is integrated apart, since the rest vanishes with y.
    struck_at_zero = -pt.expm1(concurrency * pt.log1p(-hit_probability))
    struck = -pt.expm1(log_product[:n_void])
    rest = (step[:n_void] * (struck_at_zero[:, None] - struck)).sum(axis=-1)
    void = (struck_at_zero * length[:n_void, 0] - rest).sum()

    log_terms = (log_product + pt.log(step))[n_void:].reshape((n_blocks, n_pieces, n_nodes))
    log_block = pt.logsumexp(log_terms + arrays["shock_log_pad"][:, :, None], axis=(1, 2))
    return void, log_block


def log_partition_sums(
    log_integral: TensorVariable,
    shock_rate: TensorVariable,
    background: TensorVariable,
    arrays: dict[str, TensorVariable],
    group_size: int,
) -> TensorVariable:
    """Log of the sum over all ways in which shocks and the background share out the events.

    Parameters
    ----------
    log_integral : tensor, shape (n_blocks,)
        From `integrals`.
    shock_rate : scalar
        Shocks per calendar year.
    background : scalar
        Leaks per asset-year that no shock causes.
    arrays : dict of str to tensor
        As in `ShockLayout`.
    group_size : int

    Returns
    -------
    tensor, shape (n_groups, 2**group_size)
        For every set of events of every group; the last column holds all events.
    """
    log_background = pt.log(background) + arrays["shock_log_single_weight"]
    log_block = pt.logaddexp(pt.log(shock_rate) + log_integral, log_background)
    place = arrays["shock_block_group"], arrays["shock_block_mask"]
    table = pt.set_subtensor(arrays["shock_empty_table"][place], log_block)
    return partitions.log_partition_sums(table, group_size)
