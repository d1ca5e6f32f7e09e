"""Functions compiled once and kept; they run on NumPy, which needs no compiler.

Compiling costs seconds and running milliseconds, so everything compiled is kept and reused. Log
densities at many points are computed by one vectorised call.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

import numpy as np
import pytensor
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.compile.mode import Mode
from pytensor.graph.basic import Variable
from pytensor.graph.replace import vectorize_graph
from pytensor.tensor import TensorType, TensorVariable

from bayes_leaks.engine.whole_arrays import ON_WHOLE_ARRAYS, inlined

type FloatArray = NDArray[np.float64]
type Inputs = Mapping[str, np.ndarray]

compilations: Counter[str] = Counter()
"""How often this process has compiled: ``gradient`` for the sampler, ``numpy`` for the rest."""

# After all rewrites of PyTensor's own.
_LAST = 1000
# Without fusion every node runs as one NumPy call over all points, and nothing is compiled.
NUMPY_MODE = (
    Mode(linker="py", optimizer="fast_run")
    .excluding("fusion", "inplace")
    .register((ON_WHOLE_ARRAYS, _LAST))
)


def running_on_numpy() -> AbstractContextManager[Any]:
    """Let everything that is compiled inside, bodies of loops included, run on NumPy."""
    return cast(AbstractContextManager[Any], pytensor.config.change_flags(mode=NUMPY_MODE, cxx=""))


_functions: dict[Hashable, Callable[[Inputs], np.ndarray]] = {}


def compiled_function(
    key: Hashable,
    types: Mapping[str, TensorType],
    build: Callable[[dict[str, TensorVariable]], TensorVariable],
) -> Callable[[Inputs], np.ndarray]:
    """Return a function of named arrays, compiled once for each key and kept.

    Parameters
    ----------
    key : hashable
        Everything that decides the graph besides the values of the inputs.
    types : mapping of str to TensorType
        The arrays that the function takes.
    build : callable
        Builds the graph from tensors of the same names.

    Returns
    -------
    callable
        From a mapping of arrays to the value.
    """
    if key not in _functions:
        tensors = {name: type_(name) for name, type_ in types.items()}
        function = compile_numpy(list(tensors.values()), build(tensors))
        names = tuple(tensors)
        _functions[key] = lambda arrays: function(*(arrays[name] for name in names))
    return _functions[key]


def compile_numpy(inputs: list[TensorVariable], output: Any, **options: Any) -> Callable[..., Any]:
    """Compile a graph, or several, to a function that runs on NumPy."""
    compilations["numpy"] += 1
    with running_on_numpy():
        return pytensor.function(inputs, output, on_unused_input="ignore", **options)


def compile_rows(
    inputs: Sequence[TensorVariable], outputs: Sequence[Variable]
) -> Callable[..., list[np.ndarray]]:
    """Compile graphs of one point to a function of many points.

    Parameters
    ----------
    inputs, outputs : sequence of TensorVariable
        What the graphs take and give for one point.

    Returns
    -------
    callable
        Takes one array per input with the points along a new first axis, and gives such arrays.
    """
    batched = [pt.tensor(dtype=one.type.dtype, shape=(None, *one.type.shape)) for one in inputs]
    # A graph that depends on no input keeps its shape; adding nothing gives it the new axis.
    rows = pt.zeros((batched[0].shape[0],))
    many = vectorize_graph(inlined(outputs), dict(zip(inputs, batched, strict=True)))
    full = [
        graph if graph.type.ndim > one.type.ndim else graph + pt.shape_padright(rows, one.type.ndim)
        for graph, one in zip(many, outputs, strict=True)
    ]
    return compile_numpy(batched, full)
