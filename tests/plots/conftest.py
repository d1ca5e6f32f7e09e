from collections.abc import Iterator

import pytest


@pytest.fixture
def agg() -> Iterator[None]:
    """Matplotlib without a display; every figure is closed afterwards."""
    from matplotlib import pyplot

    before = pyplot.get_backend()
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")
    pyplot.switch_backend(before)
