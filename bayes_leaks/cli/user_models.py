"""The models of the user's own, checked before anything is sampled."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bayes_leaks.cli.user_function import call_user_function
from bayes_leaks.errors import ParameterError

if TYPE_CHECKING:
    import pymc as pm

    from bayes_leaks.evidence import Evidence
    from bayes_leaks.settings import PotentialRole

type Models = Mapping[str, pm.Model | Evidence]


def read_models(reference: str) -> "pm.Model | Models":
    """Return the model, or the models by name, that the user's function gives.

    Parameters
    ----------
    reference : str
        ``MODULE:FUNCTION``; see `call_user_function`.

    Returns
    -------
    pymc.Model, or mapping of str to pymc.Model or Evidence

    Raises
    ------
    ParameterError
        If the function cannot be called, or gives something else.
    """
    # Imported first, so that no file of the user's can take their places.
    import pymc as pm

    from bayes_leaks.evidence import Evidence

    given = call_user_function(reference)
    if isinstance(given, pm.Model):
        return given
    wanted = "a pymc.Model, or a dict of two or more by name, such as {'one': model, 'two': other}"
    if not isinstance(given, Mapping):
        hint = " Does the function end with return?" if given is None else ""
        raise ParameterError(f"{reference} gave {_described(given)}, not {wanted}.{hint}")
    problems = [
        f"{name!r} is {_described(model)}"
        for name, model in given.items()
        if not isinstance(model, pm.Model | Evidence)
    ]
    if problems:
        raise ParameterError(
            f"{reference}: {'; '.join(problems)}. Give a pymc.Model, or a bayes_leaks.Evidence "
            "that is known already."
        )
    if len(given) < 2:
        raise ParameterError(f"{reference} gave a dict of {len(given)}; give {wanted}.")
    return given


def _described(thing: object) -> str:
    from bayes_leaks.hypotheses import Hypothesis

    if isinstance(thing, Hypothesis):
        return "a hypothesis about a record, which bayes-leaks compare takes"
    return "None" if thing is None else f"of type {type(thing).__name__}"


def check_models(
    models: "Models",
    *,
    potentials: "PotentialRole | None",
    shared_improper: Sequence[str],
    exchangeable: Sequence[str] | None,
) -> None:
    """Refuse models that have no evidence; all of them together.

    Parameters
    ----------
    models : mapping of str to pymc.Model or Evidence
    potentials, shared_improper, exchangeable
        As in `log_evidence`.

    Raises
    ------
    ParameterError
    """
    import pymc as pm

    from bayes_leaks.model_estimator import ModelEstimator
    from bayes_leaks.user_model import label_permutations

    problems = []
    for name, model in models.items():
        if not isinstance(model, pm.Model):
            continue
        try:
            estimator = ModelEstimator(
                model, potentials=potentials, shared_improper=shared_improper
            )
            if exchangeable and estimator.has_unknowns:
                label_permutations(estimator.compiled, exchangeable)
        except ParameterError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise ParameterError("\n".join(problems))


def read_odds(text: str) -> dict[str, float]:
    """Read prior odds written NAME=ODDS,NAME=ODDS.

    Parameters
    ----------
    text : str

    Returns
    -------
    dict of str to float

    Raises
    ------
    ParameterError
        With every part that cannot be read or comes twice.
    """
    odds: dict[str, float] = {}
    problems = []
    for pair in text.split(","):
        name, _, number = (part.strip() for part in pair.rpartition("="))
        try:
            value = float(number)
        except ValueError:
            name = ""
        if not name:
            problems.append(f"{pair!r} is not a name with a number")
            continue
        if name in odds:
            problems.append(f"{name!r} is given twice")
        odds[name] = value
    if problems:
        raise ParameterError(f"--prior: {'; '.join(problems)}. Write --prior fair=10,bent=1")
    return odds
