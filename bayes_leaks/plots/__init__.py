"""Plots: one a file, in the manner of arviz-plots; every one returns a PlotCollection."""

from bayes_leaks.plots.bayes_factors import plot_bayes_factors
from bayes_leaks.plots.prior_posterior import plot_prior_posterior
from bayes_leaks.plots.save import save_plot
from bayes_leaks.plots.timeline import plot_timeline

__all__ = ["plot_bayes_factors", "plot_prior_posterior", "plot_timeline", "save_plot"]
