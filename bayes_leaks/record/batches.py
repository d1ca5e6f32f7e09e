"""Rules that say which ships share a batch; nobody has published which really do."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bayes_leaks.errors import ParameterError

__all__ = ["BATCH_RULES", "batch_labels", "family", "half_year"]

_FAMILY_SIZE = 4


def half_year(launched: Sequence[datetime], kind: Sequence[str]) -> tuple[str, ...]:
    """Ships of all kinds launched in the same half of a calendar year (UTC) share parts.

    Parameters
    ----------
    launched : sequence of datetime, length n
        With a time zone.
    kind : sequence of str, length n
        Not used; every rule takes the same arguments.

    Returns
    -------
    tuple of str, length n
        For example ``"2022H2"``.
    """
    days = [moment.astimezone(UTC) for moment in launched]
    return tuple(f"{day.year}H{1 if day.month <= 6 else 2}" for day in days)


def family(launched: Sequence[datetime], kind: Sequence[str]) -> tuple[str, ...]:
    """Consecutive fours of each kind, in the order of launch, share parts.

    Parameters
    ----------
    launched : sequence of datetime, length n
    kind : sequence of str, length n

    Returns
    -------
    tuple of str, length n
        For example ``"soyuz-01"`` for the first four Soyuz. Give the whole fleet, so that a
        ship's batch does not depend on the end of the observation.
    """
    order = sorted(range(len(launched)), key=lambda ship: launched[ship])
    earlier: defaultdict[str, int] = defaultdict(int)
    labels = [""] * len(launched)
    for ship in order:
        labels[ship] = f"{kind[ship]}-{earlier[kind[ship]] // _FAMILY_SIZE + 1:02d}"
        earlier[kind[ship]] += 1
    return tuple(labels)


type BatchRule = Callable[[Sequence[datetime], Sequence[str]], tuple[str, ...]]

BATCH_RULES: dict[str, BatchRule] = {"half-year": half_year, "family": family}
"""Batch rules by name."""


def batch_labels(rule: str, launched: Sequence[datetime], kind: Sequence[str]) -> tuple[str, ...]:
    """Name every ship's batch by a rule of `BATCH_RULES`.

    Parameters
    ----------
    rule : str
        "half-year" or "family".
    launched : sequence of datetime, length n
    kind : sequence of str, length n

    Raises
    ------
    ParameterError
        There is no such rule.
    """
    if rule not in BATCH_RULES:
        raise ParameterError(
            f"batches: {rule!r} is not a batch rule. Choose one of {', '.join(BATCH_RULES)}."
        )
    return BATCH_RULES[rule](launched, kind)
