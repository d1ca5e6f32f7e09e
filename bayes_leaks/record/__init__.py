"""What was seen: the validated leak history, and the record that ships with the package."""

from bayes_leaks.record.batches import BATCH_RULES
from bayes_leaks.record.history import LeakHistory
from bayes_leaks.record.iss import iss_sources, load_iss

__all__ = ["BATCH_RULES", "LeakHistory", "iss_sources", "load_iss"]
