"""Where an axis has its ticks and what they say: calendar time and logarithmic scales."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import matplotlib.dates
import numpy as np

__all__ = ["calendar_ticks", "factor_text", "log_ticks", "power_text"]

# Any: matplotlib's dates have no types.
_DATES: Final[Any] = matplotlib.dates

_SUPERSCRIPT: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN_POWERS: Final = range(-4, 5)
_YEAR: Final = timedelta(days=365.25)


def calendar_ticks(
    first: float, last: float, epoch: datetime, most: int = 12
) -> tuple[list[float], list[str]]:
    """Choose round calendar times, written in ISO 8601 as precisely as they need.

    Parameters
    ----------
    first, last : float
        Ends of the axis, in years of 365.25 days since `epoch`.
    epoch : datetime
        With a time zone.
    most : int
        About how many ticks there are at most.

    Returns
    -------
    ticks : list of float
        Years since `epoch`, within the ends.
    labels : list of str
        Such as "2008", "2008-07" or "2008-07-01".
    """
    ends = (epoch + first * _YEAR, epoch + last * _YEAR)
    locator = _DATES.AutoDateLocator(minticks=4, maxticks=most)
    moments = _DATES.num2date(locator.tick_values(*ends))
    moments = [moment for moment in moments if ends[0] <= moment <= ends[1]]
    if all((m.month, m.day, m.hour) == (1, 1, 0) for m in moments):
        form = "%Y"
    elif all((m.day, m.hour) == (1, 0) for m in moments):
        form = "%Y-%m"
    elif all((m.hour, m.minute) == (0, 0) for m in moments):
        form = "%Y-%m-%d"
    else:
        form = "%Y-%m-%dT%H:%M"
    return [(m - epoch) / _YEAR for m in moments], [m.strftime(form) for m in moments]


def power_text(power: int) -> str:
    """Write a power of ten: "0.01", "1,000", "10⁻⁷"."""
    if power in _PLAIN_POWERS:
        return f"{10**power:,}" if power >= 0 else f"{10.0**power:.{-power}f}"
    return f"10{str(power).translate(_SUPERSCRIPT)}"


def factor_text(log10: float) -> str:
    """Write a factor with three digits: "12.3", "197,000", "1/12.3", "4.56 × 10⁸".

    Parameters
    ----------
    log10 : float
        Logarithm of the factor to base ten, so that none is too large.
    """
    if np.isinf(log10):
        return "∞" if log10 > 0 else "0"
    size = abs(log10)
    power = int(np.floor(size))
    digits = round(10 ** (size - power), 2)
    if digits >= 10:
        power, digits = power + 1, digits / 10
    if power < 3:
        text = f"{digits * 10**power:.{2 - power}f}"
    elif power < 6:
        text = f"{round(digits * 100) * 10 ** (power - 2):,}"
    else:
        text = f"{digits:.2f} × 10{str(power).translate(_SUPERSCRIPT)}"
    if log10 >= 0 or text == "1.00":
        return text
    return f"1/{text}" if power < 6 else f"1/({text})"


def log_ticks(
    first: float, last: float, text: Callable[[int], str] = power_text, most: int = 9
) -> tuple[list[float], list[str]]:
    """Choose round numbers on a logarithmic axis.

    Parameters
    ----------
    first, last : float
        Ends of the axis, as logarithms to base ten.
    text : callable
        Writes a power of ten.
    most : int
        About how many ticks there are at most.

    Returns
    -------
    ticks : list of float
        Logarithms to base ten, within the ends: powers of ten, or also their twofold and
        fivefold where the axis is short.
    labels : list of str
    """
    powers = range(int(np.ceil(first)), int(np.floor(last)) + 1)
    if len(powers) >= 3:
        step = -(-len(powers) // most)
        kept = [power for power in powers if power % step == 0]
        return [float(power) for power in kept], [text(power) for power in kept]
    wide = range(int(np.floor(first)), int(np.ceil(last)) + 1)
    numbers = [digit * 10.0**power for power in wide for digit in (1, 2, 5)]
    numbers = [number for number in numbers if first <= np.log10(number) <= last]
    return [float(np.log10(number)) for number in numbers], [f"{n:g}" for n in numbers]
