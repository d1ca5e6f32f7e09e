"""What is shipped: the wheel works by itself, and the repository names no place but its own."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("bayes_leaks", "models", "tests", "docs", "notebooks", ".ci")
TEXT = {".py", ".toml", ".md", ".csv", ".cff", ".yml", ".yaml", ".txt", ".ipynb", ".cfg", ""}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and unpack it, as an installer does."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def files(folder: Path, pattern: str) -> set[str]:
    return {path.name for path in folder.glob(pattern)}


def test_wheel_has_data_and_models(installed: Path) -> None:
    package = installed / "bayes_leaks"
    models = files(ROOT / "models", "*.toml")
    data = files(ROOT / "bayes_leaks/record/data", "*.csv")
    assert models and files(package / "models", "*.toml") == models
    assert data and files(package / "record/data", "*.csv") == data
    assert (package / "py.typed").is_file()
    assert {item.name for item in installed.iterdir() if item.suffix != ".dist-info"} == {
        "bayes_leaks"
    }


def test_unpacked_wheel_works_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    # -P keeps the current folder off the path; the folder of the wheel comes before a checkout.
    code = (
        "import bayes_leaks\nprint(bayes_leaks.__file__)\n"
        "from bayes_leaks.cli.main import run\nrun()"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "check"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(installed))
    assert "147 (80 progress, 67 soyuz)" in done.stdout
    assert str(installed / "bayes_leaks" / "models" / "random.toml") in done.stdout
    assert str(ROOT) not in done.stdout


def texts() -> list[Path]:
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in found if path.suffix in TEXT and "__pycache__" not in path.parts]


def test_nothing_points_outside_the_repository() -> None:
    outside = "../" + "shared"
    paths = texts()
    assert len(paths) > 50
    naming = [path for path in paths if outside in path.read_text(encoding="utf-8")]
    assert naming == []


def test_no_lock_file() -> None:
    """It names the hosts that packages came from."""
    assert "uv.lock" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a checkout, so there is no list of its files")
    listed = subprocess.run(
        [git, "ls-files", "uv.lock"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert listed.stdout == ""
