"""Times of a record: ISO 8601 or plain numbers in, years as floats out."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import SupportsFloat, TypeGuard

import numpy as np
import pandas as pd

from bayes_leaks.errors import ParameterError

__all__ = [
    "DAYS_PER_YEAR",
    "EPOCH",
    "Moment",
    "TimeForm",
    "TimeLike",
    "iso_time",
    "parse_moment",
    "years_on_axis",
]

DAYS_PER_YEAR = 365.25
"""Length of the time unit, a year, in days."""

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Zero of the time axis of every record whose times are dates."""

_MICROSECONDS_PER_YEAR = DAYS_PER_YEAR * 86_400e6

type TimeLike = str | date | datetime | np.datetime64 | float


class TimeForm(Enum):
    """How a time was written."""

    NUMBER = "a plain number"
    DATE = "a date without a time of day"
    NAIVE = "a date-time without a time zone"
    ZONED = "a date-time with a time zone"


@dataclass(frozen=True, slots=True)
class Moment:
    """One time as read.

    Parameters
    ----------
    years : float
        The number itself, or years of 365.25 days since 2000-01-01T00:00Z.
    form : TimeForm
        How it was written. A date without a time of day stands for midnight UTC.
    """

    years: float
    form: TimeForm


def is_number(value: object) -> TypeGuard[SupportsFloat]:
    """Tell whether a cell holds a number; truth values and text are none."""
    return isinstance(value, SupportsFloat) and not isinstance(value, bool | np.bool_)


def parse_moment(value: object) -> Moment | None:
    """Read one time.

    Parameters
    ----------
    value : object
        ISO 8601 text, a date, date-time or timestamp, or a number of years. Text that is a
        number is a number.

    Returns
    -------
    Moment or None
        None where the value is missing (None, NaN, NaT, empty text).

    Raises
    ------
    ValueError
        The value is not a time. The message is the end of a sentence that begins with the value.
    """
    if isinstance(value, str):
        return _parse_text(value.strip())
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, datetime):
        return _from_datetime(value)
    if isinstance(value, date):
        return Moment(_since_epoch(datetime(value.year, value.month, value.day)), TimeForm.DATE)
    if is_number(value):
        return _from_number(float(value))
    raise ValueError(_NOT_A_DATE)


_NOT_A_DATE = "is not a date. Write ISO 8601, for example 2023-02-11T09:15Z."


def _parse_text(text: str) -> Moment | None:
    if not text:
        return None
    try:
        return _from_number(float(text))
    except ValueError as error:
        if str(error).startswith("is not finite"):
            raise
    try:
        if len(text) <= len("2023-02-11"):
            return Moment(_since_epoch(datetime.fromisoformat(text)), TimeForm.DATE)
        return _from_datetime(datetime.fromisoformat(text))
    except ValueError:
        raise ValueError(_NOT_A_DATE) from None


def _from_number(number: float) -> Moment | None:
    if math.isnan(number):
        return None
    if math.isinf(number):
        raise ValueError("is not finite. Leave an end empty where the asset is still exposed.")
    return Moment(number, TimeForm.NUMBER)


def _from_datetime(moment: datetime) -> Moment:
    form = TimeForm.NAIVE if moment.tzinfo is None else TimeForm.ZONED
    return Moment(_since_epoch(moment), form)


def _since_epoch(moment: datetime) -> float:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) / timedelta(microseconds=1) / _MICROSECONDS_PER_YEAR


def iso_time(years: float) -> str:
    """Write years since 2000-01-01T00:00Z as ISO 8601 in UTC, to the microsecond.

    Parameters
    ----------
    years : float
        Years of 365.25 days since 2000-01-01T00:00Z.

    Returns
    -------
    str
        For example ``"2023-02-11T09:15:00Z"``.
    """
    moment = EPOCH + timedelta(microseconds=round(years * _MICROSECONDS_PER_YEAR))
    return moment.isoformat().replace("+00:00", "Z")


def years_on_axis(time: object, dated: bool) -> float:
    """Read one time that must be a date, or must be a number.

    Raises
    ------
    ParameterError
        It is not a time, or one of the other sort.
    """
    try:
        moment = parse_moment(time)
    except ValueError as error:
        raise ParameterError(f"time: {str(time)!r} {error}") from None
    if moment is None:
        raise ParameterError("time: is empty. Give a date, or a number of years.")
    if (moment.form is TimeForm.NUMBER) == dated:
        needed = "dates in ISO 8601" if dated else "plain numbers of years"
        raise ParameterError(f"time: this record's times are {needed}, found {str(time)!r}.")
    return moment.years
