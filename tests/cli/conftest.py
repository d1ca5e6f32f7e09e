"""The program run in this process, with fits replaced by made-up ones: compiling costs seconds."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from arviz_base import dict_to_dataset
from typer.testing import CliRunner, Result

from bayes_leaks import comparing, fitting, plots
from bayes_leaks.cli.main import app
from bayes_leaks.comparison import Comparison
from bayes_leaks.evidence import Evidence
from bayes_leaks.hypotheses import Hypothesis, priors
from bayes_leaks.hypotheses.model_file import shipped_models_dir
from bayes_leaks.prior_odds import share_weights
from bayes_leaks.record import LeakHistory

type Invoke = Callable[..., Result]

LOG_EVIDENCE = {"random": -9.63, "defect": -7.47, "common-shock": -6.74, "common-period": -8.15}
DOUBT = "high_k_hat: The proposals do not cover the posterior."


@pytest.fixture
def invoke() -> Invoke:
    """Run the program with arguments; errors that it does not handle are raised here."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


def made_up_evidence(name: str, doubted: Sequence[str] = ()) -> Evidence:
    trusted = name not in doubted
    diagnostics = {"k_hat": np.nan, "ess": 2000.0}
    reasons = () if trusted else (DOUBT,)
    return Evidence(LOG_EVIDENCE[name], 0.002, "bridge", 100, diagnostics, trusted, reasons)


def made_up_fit(hypothesis: Hypothesis, evidence: Evidence) -> xr.DataTree:
    """Prior draws as posterior."""
    groups = {}
    for seed, group in enumerate(("prior", "posterior")):
        drawn = priors.draw(hypothesis.model, seed, (2, 100))
        groups[group] = dict_to_dataset(drawn)
        for name, prior in hypothesis.model.parameters.items():
            groups[group][name].attrs["units"] = prior.unit
    tree = xr.DataTree.from_dict(groups | {"evidence": evidence.to_dataset()})
    tree.attrs["random_seed"] = "7"
    return tree


class MadeUpFits:
    """Stands in for `compare` and `fit`, and remembers how it was called."""

    def __init__(self) -> None:
        self.doubted: list[str] = []
        self.error: BaseException | None = None
        self.calls: list[dict[str, Any]] = []

    def fit(self, hypothesis: Hypothesis, history: LeakHistory, **settings: Any) -> xr.DataTree:
        self._note(settings, [hypothesis], history, ("compiling", "sampling", "evidence"))
        return made_up_fit(hypothesis, made_up_evidence(hypothesis.name, self.doubted))

    def compare(
        self, hypotheses: Sequence[Hypothesis], history: LeakHistory, **settings: Any
    ) -> Comparison:
        stages = ("compiling", "sampling", "evidence", "done")
        self._note(settings, hypotheses, history, stages)
        evidence = {h.name: made_up_evidence(h.name, self.doubted) for h in hypotheses}
        return Comparison(
            history=history,
            models={h.name: h.model for h in hypotheses},
            evidence=evidence,
            prior_probability=share_weights({h.name: h.family for h in hypotheses}),
            fits={h.name: made_up_fit(h, evidence[h.name]) for h in hypotheses},
            provenance={"random_seed": "7"},
        )

    def _note(
        self,
        settings: dict[str, Any],
        hypotheses: Sequence[Hypothesis],
        history: LeakHistory,
        stages: Sequence[str],
    ) -> None:
        tell = settings.pop("on_stage")
        self.calls.append({"hypotheses": hypotheses, "history": history, **settings})
        for stage in stages:
            for hypothesis in hypotheses:
                tell(hypothesis.name, stage)
        if self.error is not None:
            raise self.error


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> MadeUpFits:
    made_up = MadeUpFits()
    monkeypatch.setattr(comparing, "compare", made_up.compare)
    monkeypatch.setattr(fitting, "fit", made_up.fit)
    return made_up


@pytest.fixture
def quick_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that cost nothing."""

    def save(plot: str, path: Path) -> None:
        path.write_text(plot)

    for name in ("plot_timeline", "plot_bayes_factors", "plot_prior_posterior"):
        monkeypatch.setattr(plots, name, lambda *_, name=name, **__: name)
    monkeypatch.setattr(plots, "save_plot", save)


@pytest.fixture
def record(tmp_path: Path) -> list[str]:
    """Options that name a small record of one's own."""
    assets, events = tmp_path / "fleet.csv", tmp_path / "leaks.csv"
    assets.write_text(
        "asset_id,start,end,batch\na,2020-01-01,2021-01-01,x\nb,2020-07-01,,x\nc,2021-01-01,,y\n"
    )
    events.write_text("asset_id,time\nb,2020-09-01\nc,2021-03-01\n")
    return ["--assets", str(assets), "--events", str(events), "--end", "2022-01-01"]


@pytest.fixture
def edited_models(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Copy the shipped model files, with texts replaced."""

    def edit(replacements: dict[str, str]) -> Path:
        folder = tmp_path / "models"
        folder.mkdir()
        for file in shipped_models_dir().glob("*.toml"):
            text = file.read_text(encoding="utf-8")
            for old, new in replacements.items():
                text = text.replace(old, new)
            (folder / file.name).write_text(text, encoding="utf-8")
        return folder

    return edit
