"""Figures with what they are worth: a value, how many it was taken from, a 95 % confidence interval.

Shares have Wilson's interval, everything else a percentile bootstrap whose resamples are
decided by a seed, so a report made twice says the same.

References:
    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, §13.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from madorizu.errors import SettingsError

Z = 1.959964  # of the normal distribution, two-sided 95 %
RESAMPLES = 2000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure.

    Attributes:
        value: what was measured.
        n: from how many items.
        low, high: ends of the 95 % confidence interval.
    """

    value: float
    n: int
    low: float
    high: float


def share(hits: int, n: int, *, independent: int | None = None) -> Estimate:
    """Return a share with Wilson's interval.

    Args:
        hits: how many of `n` have it.
        n: at least 1.
        independent: how many of the `n` are independent of each other where not all are, such as
            pairs of the same pictures; the interval is as wide as for so many.

    Raises:
        SettingsError: if `n` is under 1, or `hits` not from 0 to `n`.
    """
    if n < 1 or not 0 <= hits <= n:
        raise SettingsError(f"hits must be 0 to n, and n at least 1, got {hits} of {n}")
    p, count = hits / n, float(max(1, n if independent is None else independent))
    middle = (p + Z * Z / (2 * count)) / (1 + Z * Z / count)
    reach = Z / (1 + Z * Z / count) * math.sqrt(p * (1 - p) / count + Z * Z / (4 * count * count))
    # At 0 and 1 the formula's end is the value itself; rounding must not put it beyond.
    return Estimate(p, n, min(max(0.0, middle - reach), p), max(min(1.0, middle + reach), p))


def mean(values: Sequence[float], *, seed: int = 0) -> Estimate:
    """Return the mean with a bootstrap interval.

    Raises:
        SettingsError: if there is no value.
    """
    return _bootstrapped(values, lambda rows: rows.mean(axis=-1), seed)


def median(values: Sequence[float], *, seed: int = 0) -> Estimate:
    """Return the median with a bootstrap interval.

    Raises:
        SettingsError: if there is no value.
    """
    return _bootstrapped(values, lambda rows: np.median(rows, axis=-1), seed)


def difference(before: Sequence[float], after: Sequence[float], *, seed: int = 0) -> Estimate:
    """Return the mean of `after` minus `before` over pairs, with a bootstrap over the pairs.

    Raises:
        SettingsError: if they are not as many, or there is none.
    """
    if len(before) != len(after):
        raise SettingsError(f"pairs must be whole, got {len(before)} before and {len(after)} after")
    return mean([b - a for a, b in zip(before, after, strict=True)], seed=seed)


def resamples(n: int, *, seed: int = 0, count: int = RESAMPLES) -> npt.NDArray[np.int64]:
    """Return indices of `count` resamples of `n` items: int64, (count, n)."""
    return np.random.default_rng(seed).integers(0, n, (count, n))


def ends(statistics: Floats) -> tuple[float, float]:
    """Return the 2.5 and 97.5 percentiles of a bootstrap's statistics."""
    low, high = np.percentile(statistics, [2.5, 97.5])
    return float(low), float(high)


def _bootstrapped(values: Sequence[float], statistic: Callable[[Floats], Floats], seed: int) -> Estimate:
    if not values:
        raise SettingsError("values must hold at least one, got none")
    found = np.asarray(values, np.float64)
    low, high = ends(statistic(found[resamples(len(found), seed=seed)]))
    return Estimate(float(statistic(found)), len(found), low, high)
