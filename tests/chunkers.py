"""Sentences to try chunkers on, and what they make of them."""

import numpy as np
from keras import ops

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
