import json
from collections.abc import Iterator

import pytest

from bayes_leaks.cli import self_check


def test_healthy_installation(invoke) -> None:
    result = invoke("doctor", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["healthy"] is True
    assert {"python", "pymc", "nutpie", "compile cache", "model files"} <= set(document["facts"])
    found = {check["check"]: check for check in document["checks"]}
    assert len(found) == 6
    assert all(check["passed"] for check in found.values())
    assert found["log evidence, random"]["tolerance"] == 1e-3
    assert "ok     log likelihood, defect" in result.stderr


def broken() -> Iterator[self_check.Check]:
    yield self_check.Check("log likelihood, random", -9.0, -9.0, 1e-9)
    yield self_check.Check("log evidence, random", -9.6, -9.63, 1e-3)


def test_failed_self_check_is_exit_4(invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_check, "self_check", broken)
    result = invoke("doctor")
    assert result.exit_code == 4
    assert "FAILED log evidence, random: -9.600000000, exactly -9.630000000" in result.stdout
    assert "do not trust results of this installation" in result.stderr


@pytest.mark.parametrize(("found", "passed"), [(1.0, True), (1.2, False), (float("nan"), False)])
def test_check_needs_the_number(found: float, passed: bool) -> None:
    assert self_check.Check("a number", found, 1.0, 0.1).passed is passed
