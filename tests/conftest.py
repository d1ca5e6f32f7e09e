"""What all tests share: the `--slow` option."""

import pytest
from hypothesis import settings

# A busy machine must not fail a test, and a test must not fail by chance.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests over many seeds")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="a statistical test over many seeds; run it with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
