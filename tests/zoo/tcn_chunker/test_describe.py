"""What a chunker costs, counted by hand, and what is said and drawn of it."""

import numpy as np
from helpers import tiny_chunker

from dilatednets.zoo.tcn_chunker import describe


def test_described_figures(joint, given_pos):
    facts = joint.describe()
    assert facts["parameters"] == sum(weight.size for weight in joint.get_weights())
    assert facts["known_words"] == 7 and facts["labels"] == 2
    assert facts["receptive_field"] == joint.receptive_field == 1 + 2 * 2 * (1 + 2)
    assert joint.convolution_dilations == (1, 1, 2, 2)
    characters, inputs, block = 5 * (3 * 4 * 6), 6 + 6 + 3, 2 * (3 * 8 * 8)
    assert facts["macs_per_word"] == characters + inputs * 8 + 2 * block + (8 * 3 + 3 * 8) + 8 * 9
    assert given_pos.describe()["macs_per_word"] == characters + (inputs + 3) * 8 + 2 * block + 8 * 9
    plain, twice = (tiny_chunker(pos="none", iterations=n, shared=n == 2).describe() for n in (1, 2))
    assert twice["parameters"] == plain["parameters"]
    assert twice["macs_per_word"] == plain["macs_per_word"] + 2 * block
    assert twice["receptive_field"] == 2 * plain["receptive_field"] - 1


def test_the_cost_in_words(given_pos):
    cost, field, known, labels = describe.lines(given_pos, given_pos.describe())
    assert cost.endswith(f"{given_pos.describe()['macs_per_word']:,} multiply-accumulates a word")
    assert field == "receptive field 13 words; dilations 1 1 2 2" and known == "7 known words; characters seen"
    assert labels == "labels: NP, VP; parts of speech: input; decoder: softmax"


def test_golden_inputs_are_padded_sentences_of_known_and_unknown_words(given_pos):
    inputs = describe.golden_inputs(given_pos)
    assert set(inputs) == {"words", "shapes", "characters", "pos"} == set(given_pos.encode([["a"]], [["DT"]]))
    for name, array in inputs.items():
        padded = (array == 0).all(axis=-1) if name == "characters" else array == 0
        assert array.dtype == np.int32 and (~padded).sum(axis=1).tolist() == [12, 7, 1]
    assert inputs["words"].min() == 0 and set(np.unique(inputs["words"])) >= {1, 2, 8}


def test_the_picture_shows_every_convolution(joint):
    (axes, *_) = describe.draw(joint, "A title").axes
    assert axes.get_title(loc="left").startswith("A title") and "4 layers see 13 words" in axes.get_xlabel()
