"""The one place that compiles and samples."""

from bayes_leaks.engine.functions import (
    NUMPY_MODE,
    compilations,
    compiled_function,
    running_on_numpy,
)
from bayes_leaks.engine.model import CompiledModel, compiled_model

__all__ = [
    "NUMPY_MODE",
    "CompiledModel",
    "compilations",
    "compiled_function",
    "compiled_model",
    "running_on_numpy",
]
