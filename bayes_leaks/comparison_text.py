"""A comparison in words: what was compared, what was found, and what it rests on."""

from __future__ import annotations

import html
import textwrap
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bayes_leaks.comparison import Comparison
    from bayes_leaks.record import LeakHistory

_WIDTH = 88
_DECIMALS = 4
_BATCH_RULES = {
    "half-year": "ships of both families launched in the same calendar half-year share parts",
    "family": "each family's launches in consecutive fours share parts",
    "column": "as given with the assets",
    "none": "every asset stands alone, so the defect hypothesis sees only ages at leak",
}


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
        _data(comparison) if comparison.history is None else _record(comparison.history),
        _evidence_table(comparison),
        _family_lines(comparison) if len(comparison.families) < len(comparison.names) else "",
        _verdict(comparison),
        _trust(comparison),
        _caveats(comparison),
    ]
    parts = [part for part in parts if part]
    return "\n\n".join(parts) + "\n"


def _data(comparison: Comparison) -> str:
    digests = {evidence.data_digest for evidence in comparison.evidence.values()} - {""}
    unknown = [name for name, found in comparison.evidence.items() if not found.data_digest]
    lines = [_wrapped("Compared", ", ".join(comparison.names))]
    if digests:
        lines.append(_wrapped("Data", f"the same for all, digest {', '.join(sorted(digests))}"))
    if unknown:
        lines.append(_wrapped("Data", f"not checked for {', '.join(unknown)}"))
    improper = next(iter(comparison.evidence.values())).improper
    if improper:
        lines.append(
            _wrapped(
                "Priors",
                f"improper for {', '.join(improper)} in all of them: the evidences have a common "
                "arbitrary constant, and only their ratios mean something",
            )
        )
    return "\n".join(lines)


def _record(history: LeakHistory) -> str:
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
    width = max(14, *(len(name) + 2 for name in comparison.names))
    lines = [
        f"{_heading(comparison):<{width}}{'log evidence':>19}{'BF over ' + reference:>18}"
        f"{'log10':>8}{'prior':>8}{'posterior':>18}"
    ]
    for name, row in comparison.table.iterrows():
        factor = comparison.log_bayes_factor(str(name), reference)
        lines.append(
            f"{name:<{width}}"
            f"{_with_error(row['log_evidence'], row['log_evidence_mcse']):>19}"
            f"{_factor(factor.factor, factor.mcse):>18}"
            f"{'' if np.isnan(factor.log10) else format(factor.log10, '.2f'):>8}"
            f"{row['prior']:>8.3f}"
            f"{_with_error(row['posterior'], row['posterior_mcse']):>18}"
            + ("" if row["trusted"] else "  not trusted")
        )
    return "\n".join(lines)


def _heading(comparison: Comparison) -> str:
    return "model" if comparison.history is None else "hypothesis"


def _family_lines(comparison: Comparison) -> str:
    lines = ["By family (each family's prior weight is shared equally by its mechanisms):"]
    for family, row in comparison.families.iterrows():
        posterior = _with_error(row["posterior"], row["posterior_mcse"])
        lines.append(f"  {family:<13}prior {row['prior']:.3f}   posterior {posterior}")
    return "\n".join(lines)


def _verdict(comparison: Comparison) -> str:
    reference = comparison.names[0]
    factors = [comparison.log_bayes_factor(name, reference) for name in comparison.names[1:]]
    what = "the data" if comparison.history is None else "this record"
    sentences = []
    for factor in factors:
        if np.isnan(factor.value):
            sentences.append(f"For {factor.favoured} against {reference} there is no number.")
            continue
        better, worse = factor.favoured, reference
        if factor.value < 0:
            better, worse = worse, better
        sentences.append(
            f"{better} predicted {what} {_times(abs(factor.value))} times as well as {worse} "
            f"({factor.words})."
        )
    return _paragraph(
        "Verdict: " + " ".join(sentences) + " The words are those of Kass and Raftery (1995)."
    )


def _trust(comparison: Comparison) -> str:
    if comparison.trusted:
        twice = all("confirmed by" in e.method for e in comparison.evidence.values() if e.mcse)
        how = (
            "Each evidence was estimated twice, from posterior draws and from the prior, and the "
            "two agree. "
            if twice
            else ""
        )
        return _paragraph(
            f"{how}The numbers passed their checks: enough draws, chains that agree, proposals "
            "that cover the posterior. ± is one Monte Carlo standard error of the computation; it "
            "says nothing about the assumptions."
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
    if comparison.history is None:
        return _paragraph(
            "A Bayes factor compares how well two models with their priors predicted the data. "
            "Probabilities also need the prior odds, which are yours to choose: with_prior() shows "
            "others."
        )
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
    if error == 0:
        return f"{value:.{_DECIMALS}f}"
    if error < 0.5 * 10.0**-_DECIMALS:
        return f"{value:.{_DECIMALS}f} ± <{10.0**-_DECIMALS:.{_DECIMALS}f}"
    decimals = int(np.clip(1 - np.floor(np.log10(error)), 0, _DECIMALS))
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def _times(log_factor: float) -> str:
    """Write a factor in three digits, also where it is too large for a number."""
    if log_factor < 700.0:
        return f"{np.exp(log_factor):.3g}"
    return f"10^{log_factor / np.log(10.0):.0f}"


def _factor(factor: float, log_mcse: float) -> str:
    if np.isnan(factor):
        return "no number"
    if log_mcse == 0 or not 1e-6 < factor < 1e6:
        return f"{factor:.3g}"
    return _with_error(factor, factor * log_mcse)
