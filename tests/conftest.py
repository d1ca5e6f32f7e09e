"""What all tests share: the `--slow` option."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests over many seeds")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="a statistical test over many seeds; run it with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
