"""Sentences to try chunkers on, and what they make of them."""

import numpy as np
import pytest
from keras import ops

from dilatednets.data.columns import TaggedSentence, column_lines
from dilatednets.errors import InputError
from dilatednets.registry import parse_recipe

WORDS = ["it", "It", "works", "the", "a", "dog", "in", "1989", "unseen", "\U0001f600", "."]


POS = ["DT", "NN", "VB", "unseen"]


def text_of(length, seed=0):
    return np.random.default_rng([seed, length]).choice(WORDS, length).tolist()


def pos_of(length, seed=0):
    return np.random.default_rng([seed, length]).choice(POS, length).tolist()


def numbers(x):
    return ops.convert_to_numpy(x)


def scores(model, sentences):
    pos = [pos_of(len(sentence)) for sentence in sentences]
    return {name: numbers(value) for name, value in model(model.encode(sentences, pos)).items()}


NET = {
    "width": 16, "dilations": [1], "word_channels": 12, "character_channels": 4, "character_filters": 8,
    "shape_channels": 4, "pos_channels": 4,
}  # fmt: skip


TRAINING = {
    "epochs": 16, "batch_size": 4, "learning_rate": 2e-2, "final_learning_rate": 1e-3, "ema": 0.9, "evaluate_every": 8,
}  # fmt: skip


def recipe_of(training=None, data=None, net=None, **more):
    return parse_recipe(
        {
            "name": "tiny",
            "model": "TCNChunker",
            "data": {"reader": "columns", **(data or {})},
            "net": {**({} if "init" in more else NET), **(net or {})},
            "training": {**TRAINING, **(training or {})},
            **more,
        }
    )


def sentences_of(count, seed):
    """A noun phrase, a verb, and sometimes another noun phrase; a new one begins where two touch."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        rows = []
        for pos, label in (("DT", "NP"), ("VB", "VP"), ("DT", "NP"), ("DT", "NP"))[: rng.integers(2, 5)]:
            first = [("the", "DT"), ("a", "DT")][rng.integers(2)] if pos == "DT" else (rng.choice(["saw", "has"]), "VB")
            rows.append((*first, f"B-{label}"))
            if pos == "DT":
                rows += [("old", "JJ", "I-NP")] * rng.integers(2) + [(rng.choice(["dog", "Cat7", "man"]), "NN", "I-NP")]
        rows.append((".", ".", "O"))
        words, pos, tags = zip(*[map(str, row) for row in rows], strict=True)
        found.append(TaggedSentence(words, tags, pos))
    return found


def write(folder, columns=("word", "pos", "tag"), **splits):
    folder.mkdir(exist_ok=True)
    for split, sentences in splits.items():
        text = "".join(column_lines(sentence, columns) for sentence in sentences)
        (folder / f"{split}.txt").write_text(text, encoding="utf-8")
    return str(folder)


def refusal(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)
