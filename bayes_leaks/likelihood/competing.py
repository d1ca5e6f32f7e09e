"""Random leaks, defects and shocks at once: the exact density, summed over who caused what."""

import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_leaks.likelihood import batches


def log_assignments(
    law: batches.BatchLaw, arrays: dict[str, TensorVariable], n_slots: int
) -> tuple[TensorVariable, TensorVariable]:
    """Weights of the defects: of the batches without events, and of every set of events.

    Parameters
    ----------
    law : batches.BatchLaw
    arrays : dict of str to tensor
        As in `batches.AssignedRows`.
    n_slots : int
        Number of assets of the largest batch.

    Returns
    -------
    log_free : scalar
        Log probability that no defect showed in the batches without events.
    log_assigned : tensor, shape (n_groups, 2**size)
        Log weight of each set of events being those that defects caused.
    """
    survival, density = batches.weibull(arrays["batch_age"], law)
    role = arrays["batch_role"]
    by_defect = pt.eq(role, batches.LEAKER)
    healthy = pt.switch(by_defect, 0.0, 1.0)
    defective = pt.switch(by_defect, density, survival)
    per_row = batches.log_expectation(healthy, defective, law, role, n_slots)
    log_free = pt.switch(pt.gt(arrays["batch_is_free"], 0), per_row, 0.0).sum()
    index = arrays["batch_rows_of_set"]
    used = pt.switch(pt.ge(index, 0), per_row[pt.maximum(index, 0)], 0.0)
    return log_free, used.sum(axis=-1) + arrays["batch_log_set_pad"]


def log_density(
    log_free: TensorVariable,
    log_assigned: TensorVariable,
    log_partitions: TensorVariable,
    shock_void: TensorVariable,
    background_void: TensorVariable,
    law: batches.BatchLaw,
) -> TensorVariable:
    r"""Log density of the leaks when all three causes act.

    For every group of events, :math:`\log \sum_A D(A) Z(\bar A)`: defects caused the events in A,
    shocks or the background the others.

    Parameters
    ----------
    log_free, log_assigned
        From `log_assignments`.
    log_partitions : tensor, shape (n_groups, 2**size)
        From `partitions.log_partition_sums`.
    shock_void : scalar
        Expected number of shocks that would have led to a leak.
    background_void : scalar
        Expected number of background leaks over the time at risk.
    law : batches.BatchLaw

    Returns
    -------
    scalar
    """
    # The complement of a set of events is the mirrored column of the table.
    per_group = pt.logsumexp(log_assigned + log_partitions[:, ::-1], axis=-1)
    log_density = log_free + per_group.sum() - shock_void - background_void
    return batches.impossible_as_zero(log_density, law)
