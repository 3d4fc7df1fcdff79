"""Shakespeare's characters as numbers, and their two splits."""

import numpy as np
import pytest

from dilatednets.data import tiny_shakespeare
from dilatednets.errors import InputError

TEXT = "First Citizen:\nBefore we proceed any further, hear me speak.\n" * 3


@pytest.mark.parametrize("folder", ["", "data/tinyshakespeare"])
def test_splits_together_are_the_text(tmp_path, folder):
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / "input.txt").write_text(TEXT, newline="")
    train, validation = (tiny_shakespeare.read(tmp_path, split) for split in ("train", "validation"))
    assert "".join(tiny_shakespeare.VOCABULARY[number] for number in [*train, *validation]) == TEXT
    assert len(train) == int(0.9 * len(TEXT)) and train.dtype == np.int32


def test_the_vocabulary_is_in_the_order_of_its_characters():
    assert list(tiny_shakespeare.VOCABULARY) == sorted(set(tiny_shakespeare.VOCABULARY))
    assert len(tiny_shakespeare.VOCABULARY) == 65


def test_faults_of_files(tmp_path):
    with pytest.raises(InputError, match="split: tiny_shakespeare has train and validation, not 'test'"):
        tiny_shakespeare.read(tmp_path, "test")
    with pytest.raises(InputError, match=r"input.txt: missing; `dilatednets fetch tiny_shakespeare`"):
        tiny_shakespeare.read(tmp_path, "train")
    for data, words in (
        (b"To be\r\n", r"byte 5 is b'\\r', which the text never has"),
        ("Où".encode(), r"byte 1 is b'\\xc3'"),
        (b"", "0 characters, too few"),
        (b"a", "1 characters, too few"),
    ):
        (tmp_path / "input.txt").write_bytes(data)
        with pytest.raises(InputError, match=f"input.txt: {words}"):
            tiny_shakespeare.read(tmp_path, "train")
