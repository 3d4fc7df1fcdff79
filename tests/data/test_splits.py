"""Names of splits, which all readers take but that of spoken digits, which has one split more."""

import pytest

from dilatednets.data import camvid, column_folder, conll2000, ewt, nuclei, snips
from dilatednets.data.splits import split_name
from dilatednets.errors import InputError

READERS = {
    "camvid": camvid,
    "columns": column_folder,
    "conll2000": conll2000,
    "ewt": ewt,
    "nuclei": nuclei,
    "snips": snips,
}


@pytest.mark.parametrize("name", READERS)
def test_an_unknown_split_is_refused_with_the_splits_there_are(tmp_path, refusal, name):
    expected = f"split: {name} has train, validation, val, test, not 'dev'"
    assert refusal(READERS[name].load, tmp_path, "dev") == expected
    assert refusal(split_name, name, "dev") == expected


def test_validation_has_two_names():
    assert [split_name("camvid", split) for split in ("train", "validation", "val", "test")] == [
        *("train", "val", "val", "test"),
    ]


@pytest.mark.parametrize("split", [None, 3, ["train"], "", b"train"])
def test_a_split_is_a_name_faults(split):
    with pytest.raises(InputError, match=r"^split: x has train, validation, val, test, not"):
        split_name("x", split)
