"""A comparison in words: what was compared, what was found, and what it rests on."""

from __future__ import annotations

import html
import textwrap
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bayes_leaks.comparison import Comparison

_WIDTH = 88
# Kass and Raftery (1995): upper ends of 2 ln BF, and the words for the evidence in favour.
_GRADES = (
    (2.0, "not worth more than a bare mention"),
    (6.0, "positive"),
    (10.0, "strong"),
    (np.inf, "very strong"),
)
_BATCH_RULES = {
    "half-year": "ships of both families launched in the same calendar half-year share parts",
    "family": "each family's launches in consecutive fours share parts",
    "column": "as given with the assets",
    "none": "every asset stands alone, so the defect hypothesis sees only ages at leak",
}


def grade(log_bayes_factor: float) -> str:
    """Name the strength of evidence after Kass and Raftery (1995).

    Parameters
    ----------
    log_bayes_factor : float
        Natural logarithm; its sign only says which hypothesis is favoured.

    Returns
    -------
    str

    References
    ----------
    Kass and Raftery (1995), Bayes factors, J. Am. Stat. Assoc. 90,
    https://doi.org/10.1080/01621459.1995.10476572

    Examples
    --------
    >>> grade(2.5)
    'positive'
    """
    if np.isnan(log_bayes_factor):
        return "not known"
    return next(words for end, words in _GRADES if 2 * abs(log_bayes_factor) <= end)


def describe(comparison: Comparison) -> str:
    """Write the whole result as plain text.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    str
    """
    parts = [
        _record(comparison),
        _evidence_table(comparison),
        _family_lines(comparison),
        _verdict(comparison),
        _trust(comparison),
        _caveats(comparison),
    ]
    return "\n\n".join(parts) + "\n"


def _record(comparison: Comparison) -> str:
    history = comparison.history
    begin, end = (history.to_time(time) for time in history.window)
    events = ", ".join(
        f"{history.asset_id[asset]} ({_day(history.to_time(time))})"
        for asset, time in zip(history.event_asset, history.event_time.tolist(), strict=True)
    )
    rule = _BATCH_RULES.get(history.batch_rule, history.batch_rule)
    return "\n".join(
        [
            f"Record    {history.name}",
            _wrapped("Leaks", f"{history.n_events}: {events or 'none'}"),
            _wrapped(
                "Exposure",
                f"{history.n_assets} assets, {history.exposure:.2f} asset-years from "
                f"{_day(begin)} to {_day(end)}",
            ),
            _wrapped("Batches", f"{history.batch_rule}: {rule} (an assumption)"),
            _wrapped("Evidence", "timing only: when and which, not what the damage looked like"),
        ]
    )


def _evidence_table(comparison: Comparison) -> str:
    reference = comparison.names[0]
    lines = [
        f"{'hypothesis':<14}{'log evidence':>19}{'BF over ' + reference:>18}"
        f"{'prior':>8}{'posterior':>18}"
    ]
    for name, row in comparison.table.iterrows():
        factor = comparison.log_bayes_factor(str(name), reference)
        lines.append(
            f"{name:<14}"
            f"{_with_error(row['log_evidence'], row['log_evidence_mcse']):>19}"
            f"{_factor(factor.factor, factor.mcse):>18}"
            f"{row['prior']:>8.3f}"
            f"{_with_error(row['posterior'], row['posterior_mcse']):>18}"
            + ("" if row["trusted"] else "  not trusted")
        )
    return "\n".join(lines)


def _family_lines(comparison: Comparison) -> str:
    lines = ["By family (each family's prior weight is shared equally by its mechanisms):"]
    for family, row in comparison.families.iterrows():
        posterior = _with_error(row["posterior"], row["posterior_mcse"])
        lines.append(f"  {family:<13}prior {row['prior']:.3f}   posterior {posterior}")
    return "\n".join(lines)


def _verdict(comparison: Comparison) -> str:
    reference = comparison.names[0]
    factors = [comparison.log_bayes_factor(name, reference) for name in comparison.names[1:]]
    sentences = []
    for factor in factors:
        if np.isnan(factor.value):
            sentences.append(f"For {factor.favoured} against {reference} there is no number.")
            continue
        times, better, worse = factor.factor, factor.favoured, reference
        if factor.value < 0:
            times, better, worse = 1 / times, worse, better
        sentences.append(
            f"{better} predicted this record {times:.3g} times as well as {worse} ({factor.words})."
        )
    return _paragraph(
        "Verdict: " + " ".join(sentences) + " The words are those of Kass and Raftery (1995)."
    )


def _trust(comparison: Comparison) -> str:
    if comparison.trusted:
        return _paragraph(
            "The numbers passed their checks: enough draws, chains that agree, and proposals that "
            "cover the posterior. ± is one Monte Carlo standard error of the computation; it says "
            "nothing about the assumptions."
        )
    lines = ["NOT ALL NUMBERS CAN BE TRUSTED:"]
    for name, evidence in comparison.evidence.items():
        lines += [
            textwrap.fill(
                f"{name}: {reason}", _WIDTH, initial_indent="  ", subsequent_indent="    "
            )
            for reason in evidence.reasons
        ]
    return "\n".join(lines)


def _caveats(comparison: Comparison) -> str:
    caveats = [
        "A Bayes factor compares how well two stories predicted the record. It is not the "
        "probability that it was chance: that also needs the prior odds, which are yours to "
        "choose.",
        "All hypotheses share one leak rate with one prior, so the factors measure clustering in "
        "time, batch and age, not an opinion on how many leaks there should be.",
    ]
    if "defect" in comparison.names and comparison.history.batch_rule in ("half-year", "family"):
        caveats.append(
            "Nobody has published which ships share parts. The defect hypothesis turns on this "
            "choice more than on anything else: compare both rules, --batches half-year and "
            "--batches family."
        )
    if not _rate_priors_agree(comparison):
        caveats.append(
            "The priors of leak_rate differ between the hypotheses, so the factors also measure "
            "that difference."
        )
    return "\n".join(_paragraph(caveat) for caveat in caveats)


def _rate_priors_agree(comparison: Comparison) -> bool:
    return len({model.parameters["leak_rate"].text for model in comparison.models.values()}) == 1


def to_html(comparison: Comparison) -> str:
    """Write the result for a notebook: the text, with nothing of the user's taken for markup."""
    return f"<pre>{html.escape(comparison.text)}</pre>"


def _day(time: str | float) -> str:
    return time[:10] if isinstance(time, str) else f"{time:g}"


def _wrapped(label: str, text: str) -> str:
    indent = " " * 10
    return textwrap.fill(
        f"{label:<10}{text}", _WIDTH, subsequent_indent=indent, break_on_hyphens=False
    )


def _paragraph(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_on_hyphens=False)


def _with_error(value: float, error: float) -> str:
    """Value and error, to the digits that the error supports and at most four decimals."""
    if np.isnan(value):
        return "no number"
    decimals = 4 if error == 0 else int(np.clip(1 - np.floor(np.log10(error)), 0, 4))
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def _factor(factor: float, log_mcse: float) -> str:
    if np.isnan(factor):
        return "no number"
    if log_mcse == 0:
        return f"{factor:.3g}"
    return _with_error(factor, factor * log_mcse)
