"""Discrete variables that nobody observed, summed out where PyMC can."""

import warnings

import pymc as pm

from bayes_leaks.errors import ParameterError
from bayes_leaks.user_model.supported import is_discrete


def sum_out_latent(model: pm.Model) -> pm.Model:
    """Sum discrete free variables out of a model.

    Parameters
    ----------
    model : pymc.Model

    Returns
    -------
    pymc.Model
        The model itself if it has no such variable.

    Raises
    ------
    ParameterError
        If pymc-extras is not installed or cannot sum them out.
    """
    discrete = [rv.name for rv in model.free_RVs if is_discrete(rv)]
    if not discrete:
        return model
    names = ", ".join(map(repr, discrete))
    mend = "write the sum into the model, for example with pm.Mixture"
    try:
        # How it calls other packages is nothing that its users could mend.
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            import pymc_extras
    except ImportError as error:
        raise ParameterError(
            f"{names} is discrete and free. To sum it out, pip install 'bayes-leaks[marginal]', "
            f"or {mend}."
        ) from error
    try:
        summed = pymc_extras.marginalize(model, discrete)
        # Some failures, such as that of a version which does not fit PyMC's, show only here.
        summed.logp()
    except Exception as error:
        raise ParameterError(
            f"{names} is discrete and free, and pymc-extras {pymc_extras.__version__} cannot sum "
            f"it out ({type(error).__name__}: {error}); {mend}."
        ) from error
    return summed
