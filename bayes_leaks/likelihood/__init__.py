"""The exact densities of the leaks under each hypothesis, as PyTensor graphs."""
