"""The reader of CoNLL-2000, on the sample and on files of other sizes."""

from collections import Counter

import pytest
from helpers import CHECKOUT

from dilatednets.data.conll2000 import FOLDS, load
from dilatednets.errors import InputError
from dilatednets.zoo.tcn_chunker.tag_schemes import repairs, spans

SAMPLE = CHECKOUT / "datasets" / "conll2000" / "sample"
CHUNKS = {"NP", "VP", "PP", "ADVP", "SBAR", "ADJP", "PRT", "CONJP", "INTJ", "LST"}


@pytest.fixture
def make_folder(tmp_path):
    def make(count, name="train.txt"):
        (tmp_path / name).write_text("".join(f"w{index} NN B-NP\n\n" for index in range(count)), encoding="utf-8")
        return tmp_path

    return make


@pytest.mark.parametrize(("count", "held_out"), [(8, 1), (15, 1), (2000, 250), (8000, 1000), (8936, 1000)])
def test_validation_is_the_end_of_train(make_folder, count, held_out):
    folder = make_folder(count)
    train, validation = load(folder, "train"), load(folder, "validation")
    assert len(validation) == held_out and load(folder, "val") == validation
    assert [s.words[0] for s in train + validation] == [f"w{index}" for index in range(count)]


@pytest.mark.parametrize(("count", "size"), [(23, 2), (2003, 250), (8936, 1000)])
def test_folds_are_stretches_that_share_nothing(make_folder, count, size):
    folder = make_folder(count)
    whole = [f"w{index}" for index in range(count)]
    for fold in range(FOLDS):
        held_out = [one.words[0] for one in load(folder, "validation", fold)]
        first = count - size * (fold + 1)
        assert held_out == whole[first : first + size]
        assert [one.words[0] for one in load(folder, "train", fold)] == whole[:first] + whole[first + size :]


@pytest.mark.parametrize("fold", [-1, FOLDS, 1.5, "0", None])
def test_other_folds_faults(make_folder, fold):
    with pytest.raises(InputError, match="fold: must be"):
        load(make_folder(20), "validation", fold)


def test_file_too_short_for_validation_is_all_train(make_folder):
    folder = make_folder(7)
    assert len(load(folder, "train")) == 7
    with pytest.raises(InputError, match=r"train\.txt: 7 sentences, too few for a validation split"):
        load(folder, "validation")


def test_test_needs_no_train_and_train_no_test(make_folder):
    folder = make_folder(3, "test.txt")
    assert len(load(str(folder), "test")) == 3
    with pytest.raises(InputError, match=r"train\.txt: missing; .* see datasets/conll2000"):
        load(folder, "train")
    (folder / "test.txt").rename(folder / "train.txt")
    with pytest.raises(InputError, match=r"test\.txt: missing"):
        load(folder, "test")


def test_sample_is_what_its_readme_says():
    readme = " ".join((SAMPLE.parent / "README.md").read_text(encoding="utf-8").split())
    assert "32 and 10 sentences that were written for this package" in readme
    train = load(SAMPLE, "train") + load(SAMPLE, "validation")
    test = load(SAMPLE, "test")
    assert (len(train), len(test)) == (32, 10) and len({s.words for s in train + test}) == 42
    assert len(load(SAMPLE, "validation")) == 4


def test_sample_has_all_kinds_of_chunks_and_no_invalid_tag():
    sentences = [s for split in ("train", "validation", "test") for s in load(SAMPLE, split)]
    chunks = Counter(span.label for s in sentences for span in spans(s.tags))
    assert set(chunks) == CHUNKS and chunks.most_common(2)[0][0] == "NP"
    assert sum(repairs(s.tags) for s in sentences) == 0
    for sentence in sentences:
        assert sentence.pos[-1] in (".", "''") and sentence.tags[-1] == "O"
        for word, pos, tag in zip(sentence.words, sentence.pos, sentence.tags, strict=True):
            # What the guidelines say of these, whatever the sentence.
            assert tag == "B-NP" or pos != "POS"
            assert tag == "B-PRT" or pos != "RP"
            assert tag in ("B-NP", "I-NP") or pos not in ("PRP", "PRP$", "DT", "NNP", "EX", "$")
            assert tag in ("B-VP", "I-VP", "O") or pos not in ("VBZ", "VBP", "VBD", "MD", "VB")
            assert word in ("-LRB-", "-RRB-") or pos not in ("(", ")")
