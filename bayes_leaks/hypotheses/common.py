"""Common cause: something befalls the whole fleet. Two mechanisms, one family."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_leaks.errors import ParameterError
from bayes_leaks.hypotheses.base import Hypothesis
from bayes_leaks.hypotheses.layout import Layout
from bayes_leaks.hypotheses.leaks import background_leaks, first_leak
from bayes_leaks.hypotheses.model_file import ModelFile
from bayes_leaks.hypotheses.random import observe_fleet
from bayes_leaks.hypotheses.values import Values
from bayes_leaks.likelihood import groups, period, shock
from bayes_leaks.likelihood.exposure import Exposure, FloatArray


class CommonCause(Hypothesis):
    """Leaks come together because something happened to the fleet; a random background remains.

    Parameters
    ----------
    mechanism : {"shock", "period"}
        ``"shock"``: single events in time, each marking some of the exposed assets, which leak
        after a delay. ``"period"``: stretches of time during which everybody's hazard is raised.
    models_dir : path, optional
        Folder with edited copies of the model files; the shipped ones by default.
    model : ModelFile, optional
        A model file already read, with priors changed in code.

    Examples
    --------
    >>> import bayes_leaks as bl
    >>> value = bl.CommonCause("shock").log_likelihood(
    ...     bl.load_iss(), leak_rate=0.02, common_share=0.8, hit_probability=0.3, latency=0.15)
    """

    def __new__(cls, *arguments: Any, **keywords: Any) -> "CommonCause":
        """Make the hypothesis of the asked mechanism."""
        if cls is not CommonCause:
            return super().__new__(cls)
        mechanism = arguments[0] if arguments else keywords.get("mechanism", "shock")
        if mechanism not in _MECHANISMS:
            raise ParameterError(
                f"mechanism: {mechanism!r} is not known. Allowed are "
                f"{' and '.join(repr(known) for known in _MECHANISMS)}."
            )
        return super().__new__(_MECHANISMS[mechanism])

    def __init__(
        self,
        mechanism: Literal["shock", "period"] = "shock",
        *,
        models_dir: str | Path | None = None,
        model: ModelFile | None = None,
    ) -> None:
        super().__init__(models_dir=models_dir, model=model)


class CommonShock(CommonCause):
    """Shocks to the fleet: see `CommonCause`."""

    name = "common-shock"
    free: ClassVar[Mapping[str, str]] = {
        "leak_rate": "positive",
        "common_share": "unit interval",
        "hit_probability": "unit interval",
        "latency": "positive",
    }
    accepts: ClassVar[Mapping[str, str]] = {**free, "hit_probability": "probability"}

    def arrange(self, exposure: Exposure) -> Layout:
        """Lay out the times at which shocks could have caused each set of events."""
        related = groups.can_share_shock(exposure)
        return shock_layout(exposure, groups.group_events(exposure, related, self.name))

    def log_density(
        self,
        values: dict[str, TensorVariable],
        arrays: dict[str, TensorVariable],
        sizes: dict[str, int],
    ) -> TensorVariable:
        """Exact log density, with the shocks integrated out."""
        share, observed = values["common_share"], observe_fleet(arrays)
        shock_void, sums = shock_terms(values, share, 1 - share, arrays, sizes)
        return (
            pt.log(sums[:, -1]).sum()
            + observed.n_events * pt.log(values["leak_rate"])
            - shock_void
            - (1 - share) * values["leak_rate"] * observed.time_at_risk
        )

    def draw_leak_times(
        self, rng: np.random.Generator, fleet: Exposure, values: Values
    ) -> FloatArray:
        """Draw the shocks, the assets they mark, and the delays."""
        share = float(values["common_share"])
        return first_leak(
            background_leaks(rng, fleet, (1 - share) * float(values["leak_rate"])),
            shock_leaks(rng, fleet, values, share),
            end=fleet.end,
        )


class CommonPeriod(CommonCause):
    """Hazardous periods for the whole fleet: see `CommonCause`."""

    name = "common-period"
    free: ClassVar[Mapping[str, str]] = {
        "leak_rate": "positive",
        "elevated_fraction": "unit interval",
        "hazard_excess": "positive",
        "elevated_duration": "positive",
    }
    accepts: ClassVar[Mapping[str, str]] = {
        "leak_rate": "positive",
        "elevated_fraction": "interior",
        "hazard_ratio": "at least one",
        "elevated_duration": "positive",
    }

    def likelihood_values(self, free: dict[str, Any]) -> dict[str, Any]:
        """Replace the excess by the ratio of the hazards."""
        ratio = 1 + free["hazard_excess"]
        return {name: ratio if name == "hazard_ratio" else free[name] for name in self.accepts}

    def arrange(self, exposure: Exposure) -> Layout:
        """Cut the calendar at every entry, exit and leak."""
        layout = period.layout(exposure)
        return Layout(layout.arrays, period.DIMS, {"period_piece": 1 << layout.n_levels})

    def log_density(
        self,
        values: dict[str, TensorVariable],
        arrays: dict[str, TensorVariable],
        sizes: dict[str, int],
    ) -> TensorVariable:
        """Exact log density, with the hidden state summed out."""
        rates = period.switching(*(values[name] for name in self.accepts))
        return period.log_density(
            rates, arrays, sizes["period_piece"].bit_length() - 1, observe_fleet(arrays)
        )

    def draw_leak_times(
        self, rng: np.random.Generator, fleet: Exposure, values: Values
    ) -> FloatArray:
        """Draw the path of the hidden state and invert each asset's cumulative hazard."""
        fraction, ratio = float(values["elevated_fraction"]), float(values["hazard_ratio"])
        duration = float(values["elevated_duration"])
        quiet = float(values["leak_rate"]) / (1 + fraction * (ratio - 1))
        mean_stay = np.array([duration * (1 - fraction) / fraction, duration])
        switch, elevated = [fleet.start.min()], [bool(rng.random() < fraction)]
        while switch[-1] < fleet.end.max():
            switch.append(switch[-1] + rng.exponential(mean_stay[int(elevated[-1])]))
            elevated.append(not elevated[-1])
        hazard = quiet * np.where(elevated[:-1], ratio, 1.0)
        time = np.array(switch)
        cumulative = np.concatenate([[0.0], np.cumsum(hazard * np.diff(time))])
        at_start = np.interp(fleet.start, time, cumulative)
        target = at_start + rng.exponential(size=fleet.n_assets) / fleet.weight
        leak_time = np.interp(target, cumulative, time, right=np.inf)
        return first_leak(leak_time, end=fleet.end)


_MECHANISMS: dict[str, type[CommonCause]] = {"shock": CommonShock, "period": CommonPeriod}


def shock_layout(exposure: Exposure, event_groups: groups.EventGroups) -> Layout:
    """Lay out the shock integrals and the sizes of their graph."""
    layout = shock.layout(exposure, event_groups)
    sizes = {"shock_nodes": layout.n_nodes, "event_set": 1 << layout.group_size}
    return Layout(layout.arrays, shock.DIMS, sizes)


def shock_terms(
    values: dict[str, TensorVariable],
    share: TensorVariable,
    background_share: TensorVariable,
    arrays: dict[str, TensorVariable],
    sizes: dict[str, int],
) -> tuple[TensorVariable, TensorVariable]:
    """Give the expected number of shocks with a leak, and the partition sums of the events."""
    planned = arrays["asset_end"] - arrays["asset_start"]
    leak_rate, hit, latency = (values[name] for name in ("leak_rate", "hit_probability", "latency"))
    total = pt.sum(arrays["asset_weight"] * planned)
    rate = shock.shock_rate(leak_rate, share, hit, latency, planned, total)
    void, struck = shock.integrals(leak_rate, hit, latency, arrays, sizes["shock_nodes"])
    sums = shock.partition_sums(
        struck, rate, background_share, arrays, sizes["event_set"].bit_length() - 1
    )
    return rate * void, sums


def shock_leaks(
    rng: np.random.Generator, fleet: Exposure, values: Values, share: float
) -> FloatArray:
    """Leak times of marked assets, +inf for unmarked ones; shape (n_assets,)."""
    hit, latency = float(values["hit_probability"]), float(values["latency"])
    expected_per_hit = (fleet.planned + latency * np.expm1(-fleet.planned / latency)).sum()
    rate = share * float(values["leak_rate"]) * fleet.total / (hit * expected_per_hit)
    begin, end = fleet.start.min(), fleet.end.max()
    leak_time = np.full(fleet.n_assets, np.inf)
    for time in rng.uniform(begin, end, size=rng.poisson(rate * (end - begin))):
        exposed = (fleet.start <= time) & (time < fleet.end)
        marked = exposed & (rng.random(fleet.n_assets) < hit)
        delayed = time + rng.exponential(latency, fleet.n_assets)
        leak_time = np.where(marked, np.minimum(leak_time, delayed), leak_time)
    return leak_time
