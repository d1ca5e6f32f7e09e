"""The JSON documents of the commands: what ``--json`` prints.

Every document has ``schema_version`` ("1") and ``command``. Numbers that do not exist or are
withheld because they are not trusted are null. On an error (exit codes 1, 2, 3 and 130) there is
no document, with two exceptions: ``check`` reports its problems in one, and a run that ends in 1
only because a picture could not be drawn prints its results. Evidence is in nats.

compare (the same document is written to comparison.json)
    ``trusted``; ``record`` (name, source, digest, n_assets, n_events, exposure_asset_years,
    window, batch_rule, n_left_out); ``hypotheses`` (a list: name, title, family,
    prior_probability, posterior_probability, posterior_probability_mcse, evidence);
    ``families`` (a list: family, prior_probability, posterior_probability,
    posterior_probability_mcse); ``log_bayes_factors`` (a list of all pairs: favoured, against,
    value, mcse, log10, words); ``provenance``; ``files`` (names in the output folder);
    ``failed_pictures`` (file name to reason).
evidence (the same document is written to evidence.json or comparison.json)
    ``function`` (MODULE:FUNCTION as it was given). For one model ``trusted``, ``evidence`` (as for
    fit), ``provenance``, ``files``, ``failed_pictures`` (always empty). For several the entries of
    compare; ``record`` is null, and title and family are the name.
fit
    ``trusted``, ``record``, ``hypothesis``, ``evidence`` (log_evidence, mcse, method,
    n_evaluations, trusted, reasons, diagnostics, data_digest, improper), ``parameters`` (a list:
    parameter and the columns of arviz_stats.summary), ``provenance``, ``files``,
    ``failed_pictures``.
check
    ``valid``; ``record`` or null; ``hypotheses`` (a list: name, title, family, priors);
    ``problems`` (a list of sentences).
simulate
    ``record``, ``hypothesis``, ``values``, ``random_seed``, ``files``.
doctor
    ``healthy``; ``facts`` (versions and places); ``checks`` (a list: check, found, expected,
    tolerance, passed).
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bayes_leaks.comparison import Comparison
    from bayes_leaks.evidence import Evidence
    from bayes_leaks.record import LeakHistory

SCHEMA_VERSION = "1"


def document(command: str, **content: Any) -> dict[str, Any]:
    """Make the document of a command.

    Parameters
    ----------
    command : str
    **content
        Its other entries; numbers that are not finite become None.

    Returns
    -------
    dict
    """
    return {"schema_version": SCHEMA_VERSION, "command": command, **_strict(content)}


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def record_facts(history: "LeakHistory") -> dict[str, Any]:
    """Say which record a result is about.

    Parameters
    ----------
    history : LeakHistory

    Returns
    -------
    dict
    """
    return {
        "name": history.name,
        "source": history.source,
        "digest": history.digest,
        "n_assets": history.n_assets,
        "n_events": history.n_events,
        "exposure_asset_years": history.exposure,
        "window": [history.to_time(bound) for bound in history.window],
        "batch_rule": history.batch_rule,
        "n_left_out": history.n_left_out,
    }


def evidence_facts(evidence: "Evidence") -> dict[str, Any]:
    """Give an estimate with its error and its verdict.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    dict
    """
    return {
        "log_evidence": evidence.log_ml,
        "mcse": evidence.mcse,
        "method": evidence.method,
        "n_evaluations": evidence.n_evaluations,
        "trusted": evidence.trusted,
        "reasons": evidence.reasons,
        "diagnostics": evidence.diagnostics,
        "data_digest": evidence.data_digest,
        "improper": evidence.improper,
    }


def file_facts(files: Iterable[Path], failed: Mapping[str, Exception]) -> dict[str, Any]:
    """List the files of a run, and the pictures that failed.

    Parameters
    ----------
    files : iterable of Path
    failed : mapping of str to Exception

    Returns
    -------
    dict
    """
    reasons = {name: f"{type(error).__name__}: {error}" for name, error in failed.items()}
    return {"files": [file.name for file in files], "failed_pictures": reasons}


def comparison_document(
    result: "Comparison", command: str = "compare", **more: Any
) -> dict[str, Any]:
    """Make the document of a comparison.

    Parameters
    ----------
    result : Comparison
    command : str, optional
        The one that made it.
    **more
        Further entries.

    Returns
    -------
    dict
    """
    pairs = [(one, other) for one in result.names for other in result.names if one != other]
    factors = [result.log_bayes_factor(one, other) for one, other in pairs]
    probabilities = result.probabilities.to_dict("index")
    return document(
        command,
        trusted=result.trusted,
        record=None if result.history is None else record_facts(result.history),
        hypotheses=[
            {
                "name": name,
                "title": result.title(name),
                "family": result.family(name),
                **_probability_facts(probabilities[name]),
                "evidence": evidence_facts(result.evidence[name]),
            }
            for name in result.names
        ],
        families=[
            {"family": family, **_probability_facts(row)}
            for family, row in result.families.to_dict("index").items()
        ],
        log_bayes_factors=[
            {
                "favoured": factor.favoured,
                "against": factor.against,
                "value": factor.value,
                "mcse": factor.mcse,
                "log10": factor.log10,
                "words": factor.words,
            }
            for factor in factors
        ],
        provenance=dict(result.provenance),
        **more,
    )


def _probability_facts(row: Mapping[Any, Any]) -> dict[str, float]:
    return {
        "prior_probability": float(row["prior"]),
        "posterior_probability": float(row["posterior"]),
        "posterior_probability_mcse": float(row["posterior_mcse"]),
    }
