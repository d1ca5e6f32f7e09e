"""Manufacturing defect over a random background: the exact density of the leaks."""

import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_leaks.likelihood import background, batches


def log_density(
    rate: TensorVariable,
    share: TensorVariable,
    law: batches.BatchLaw,
    arrays: dict[str, TensorVariable],
    n_slots: int,
    observed: background.Observed,
) -> TensorVariable:
    """Log density of the leaks when defects cause a share of them.

    Parameters
    ----------
    rate : scalar
        Leaks per asset-year.
    share : scalar
        Share of the leaks that defects cause, in [0, 1].
    law : batches.BatchLaw
    arrays : dict of str to tensor
        As in `batches.BatchRows`.
    n_slots : int
        Number of assets of the largest batch.
    observed : background.Observed

    Returns
    -------
    scalar
    """
    survival, density = batches.weibull(arrays["batch_age"], law)
    leaked = pt.eq(arrays["batch_role"], batches.LEAKER)
    # Factors of leakers are divided by the rate, so that they stay near one at any rate.
    random = pt.switch(leaked, (1 - share) * arrays["batch_weight"], 1.0)
    defective = random * survival + pt.switch(leaked, density / rate, 0.0)
    per_batch = batches.expectation(random, defective, law, arrays, n_slots)
    log_density = (
        pt.log(per_batch).sum()
        + observed.n_events * pt.log(rate)
        - (1 - share) * rate * observed.time_at_risk
    )
    return batches.impossible_as_zero(log_density, law)
