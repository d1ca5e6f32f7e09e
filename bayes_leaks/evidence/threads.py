"""Linear algebra on one thread: the matrices here are small."""

from collections.abc import Callable
from functools import wraps

from threadpoolctl import threadpool_limits


def one_thread[**Arguments, Result](
    function: Callable[Arguments, Result],
) -> Callable[Arguments, Result]:
    """Keep the linear algebra of a function on one thread.

    For matrices of some tens of rows, threads wait for each other longer than they work: on two
    busy cores an estimate in 34 dimensions took five times as long with two threads as with one.

    Parameters
    ----------
    function : callable

    Returns
    -------
    callable
        The same function; on return the threads are as they were.
    """

    @wraps(function)
    def limited(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with threadpool_limits(limits=1):
            return function(*args, **kwargs)

    return limited
