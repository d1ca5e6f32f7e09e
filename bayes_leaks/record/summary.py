"""A leak history in words: plain text, and HTML for notebooks."""

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from bayes_leaks.record.times import DAYS_PER_YEAR

if TYPE_CHECKING:
    from bayes_leaks.record.history import LeakHistory

__all__ = ["as_html", "as_text"]

_NO_BATCHES = (
    "none (every asset is its own batch, so the defect hypothesis sees only the ages at leak)"
)


def as_text(history: "LeakHistory") -> str:
    """Compute `LeakHistory.summary`."""
    facts = [f"{label}: {value}" for label, value in _facts(history)]
    rows = [_EVENT_HEAD, *_events(history)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_EVENT_HEAD))]
    table = [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([history.name, *facts, *(table if history.n_events else [])])


def as_html(history: "LeakHistory") -> str:
    """Write the summary as HTML; the record's own text is escaped."""
    facts = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>"
        for label, value in _facts(history)
    )
    head = "".join(f"<th>{escape(cell)}</th>" for cell in _EVENT_HEAD)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in _events(history)
    )
    events = f"<table><tr>{head}</tr>{rows}</table>" if history.n_events else ""
    return f"<div><strong>{escape(history.name)}</strong><table>{facts}</table>{events}</div>"


_EVENT_HEAD = ("time", "asset", "batch", "age (days)")


def _facts(history: "LeakHistory") -> list[tuple[str, str]]:
    first, last = (history.to_time(bound) for bound in history.window)
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(history.kind).most_common())
    facts = [
        ("source", history.source or "not given"),
        ("window", f"{first} to {last}"),
        ("assets", f"{history.n_assets} ({kinds})"),
        ("exposure", f"{history.exposure:.2f} asset-years"),
        ("batches", _NO_BATCHES if history.batch_rule == "none" else _batches(history)),
    ]
    if history.n_left_out:
        facts.append(("left out", f"{history.n_left_out} exposed before the cohort's start"))
    return [*facts, ("events", str(history.n_events))]


def _batches(history: "LeakHistory") -> str:
    return f"{len(history.batch_names)}, rule {history.batch_rule}"


def _events(history: "LeakHistory") -> list[tuple[str, ...]]:
    return [
        (
            str(history.to_time(time)),
            history.asset_id[asset],
            history.batch[asset],
            f"{(time - history.start[asset]) * DAYS_PER_YEAR:.1f}",
        )
        for asset, time in zip(history.event_asset, history.event_time, strict=True)
    ]
