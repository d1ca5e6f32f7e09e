"""All models with known evidence."""

import ladder_cases
import ladder_conjugate
import ladder_constrained
import ladder_shapes
import ladder_wild
from rung import Rung

THEMES = (ladder_conjugate, ladder_constrained, ladder_shapes, ladder_cases, ladder_wild)
LADDER: tuple[Rung, ...] = tuple(
    sorted((rung for theme in THEMES for rung in theme.RUNGS), key=lambda rung: rung.dimension)
)
