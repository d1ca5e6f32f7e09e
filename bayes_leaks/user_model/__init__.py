"""What is known of a PyMC model that someone else wrote, before its evidence is estimated."""

from bayes_leaks.user_model.digest import data_digest
from bayes_leaks.user_model.draws import unconstrained_draws
from bayes_leaks.user_model.exchangeable import find_exchangeable, label_permutations
from bayes_leaks.user_model.latent import sum_out_latent
from bayes_leaks.user_model.prior_mass import prior_mass
from bayes_leaks.user_model.supported import check_supported

__all__ = [
    "check_supported",
    "data_digest",
    "find_exchangeable",
    "label_permutations",
    "prior_mass",
    "sum_out_latent",
    "unconstrained_draws",
]
