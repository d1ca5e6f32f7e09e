"""A fingerprint of the data a model was conditioned on."""

import hashlib

import numpy as np
import pymc as pm
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant, Variable
from pytensor.graph.traversal import graph_inputs
from pytensor.scalar.basic import Cast
from pytensor.tensor import TensorType
from pytensor.tensor.elemwise import Elemwise

from bayes_leaks.engine.functions import compile_numpy

_LENGTH = 16


def data_digest(model: pm.Model) -> str:
    """Compute a fingerprint of all observed values.

    Parameters
    ----------
    model : pymc.Model

    Returns
    -------
    str
        16 hexadecimal digits that depend on the values and shapes of the observed variables (axes
        of length one left out), not on their names, order or number types. Data that the model
        computes, such as the logarithm of its `pm.Data`, count as they come out. Empty if nothing
        is observed, or if observed values are drawn at random, as minibatches are.
    """
    parts = []
    for rv in model.observed_RVs:
        value = model.rvs_to_values[rv]
        if not all(_is_fixed(node) for node in graph_inputs([value])):
            return ""
        # Adding zero makes the two zeros of floating point one.
        data = np.squeeze(np.asarray(_value(value), dtype=np.float64)) + 0.0
        parts.append(f"{data.shape}".encode() + np.ascontiguousarray(data).tobytes())
    if not parts:
        return ""
    return hashlib.sha256(b"".join(sorted(parts))).hexdigest()[:_LENGTH]


def _is_fixed(node: Variable) -> bool:
    return isinstance(node, Constant | SharedVariable) and isinstance(node.type, TensorType)


def _value(variable: Variable) -> np.ndarray:
    if isinstance(variable, Constant):
        return variable.data
    if isinstance(variable, SharedVariable):
        return variable.get_value(borrow=True)
    node = variable.owner
    # Observed integers arrive through a cast, which is not worth a compilation.
    if isinstance(node.op, Elemwise) and isinstance(node.op.scalar_op, Cast):
        return np.asarray(_value(node.inputs[0])).astype(variable.type.dtype)
    return compile_numpy([], variable)()
