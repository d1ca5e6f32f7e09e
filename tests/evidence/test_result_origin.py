"""Where a number comes from travels with it."""

import pickle

from bayes_leaks.evidence import Evidence

NUMBER = Evidence(-1.0, 0.1, "bridge", 10, {}, True, data_digest="ab12", improper=("tau", "sigma"))


def test_origin_survives_storage_and_pickling() -> None:
    for copy in (Evidence.from_dataset(NUMBER.to_dataset()), pickle.loads(pickle.dumps(NUMBER))):
        assert copy == NUMBER
        assert copy.data_digest == "ab12"
        assert copy.improper == ("sigma", "tau")


def test_older_files_have_no_origin() -> None:
    dataset = NUMBER.to_dataset()
    del dataset.attrs["data_digest"], dataset.attrs["improper"]
    old = Evidence.from_dataset(dataset)
    assert (old.data_digest, old.improper) == ("", ())
