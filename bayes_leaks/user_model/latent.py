"""Discrete variables that nobody observed, summed out where PyMC can."""

import pymc as pm

from bayes_leaks.errors import ParameterError


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
    discrete = [rv.name for rv in model.free_RVs if rv.type.dtype.startswith(("int", "uint"))]
    if not discrete:
        return model
    names = ", ".join(map(repr, discrete))
    mend = "write the sum into the model, for example with pm.Mixture"
    try:
        import pymc_extras
    except ImportError as error:
        raise ParameterError(
            f"{names} is discrete and free. To sum it out, pip install 'bayes-leaks[marginal]', "
            f"or {mend}."
        ) from error
    try:
        return pymc_extras.marginalize(model, discrete)
    except (NotImplementedError, ValueError, TypeError) as error:
        raise ParameterError(
            f"{names} is discrete and free, and pymc-extras cannot sum it out ({error}); {mend}."
        ) from error
