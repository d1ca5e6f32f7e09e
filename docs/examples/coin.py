"""Is a coin fair that fell heads 15 times in 20 tosses? Two models of the same data.

To compare them:

    bayes-leaks evidence docs/examples/coin.py:models

Their evidences have closed forms, so you can see how close the numbers come:

    fair    C(20, 15) / 2^20 = 0.014786     log evidence -4.2141
    bent    1 / 21           = 0.047619     log evidence -3.0445

The bent coin predicted the data 3.22 times as well, which is worth little more than a bare mention.
How well depends on what "bent" means: here any probability of heads is as likely as any other. With
Beta(30, 30) in the place of Beta(1, 1), for coins that are never far from fair, it is 1.63 times.
"""

import pymc as pm

TOSSES, HEADS = 20, 15


def fair() -> pm.Model:
    """Heads and tails are equally probable; nothing is unknown."""
    with pm.Model() as model:
        pm.Binomial("heads", n=TOSSES, p=0.5, observed=HEADS)
    return model


def bent() -> pm.Model:
    """Heads have an unknown probability."""
    with pm.Model() as model:
        p = pm.Beta("p", 1, 1)
        pm.Binomial("heads", n=TOSSES, p=p, observed=HEADS)
    return model


def models() -> dict[str, pm.Model]:
    """Both by name; the others are compared with the first."""
    return {"fair": fair(), "bent": bent()}
