"""Random fields of five tags with random weights, and the enumeration of all their sequences."""

import functools
import itertools

import numpy as np
from keras import ops

from dilatednets.backend import compiled
from dilatednets.layers import LinearChainCRF
from dilatednets.zoo.tcn_chunker.tag_schemes import valid_transitions

TAGS = ["O", "B-NP", "I-NP", "B-VP", "I-VP"]


def make(seed=0, rules=(None, None, None)):
    """A field with random scores."""
    crf = LinearChainCRF(len(TAGS), *rules)
    crf.build()
    draw(crf, seed)
    return crf


def draw(crf, seed):
    rng = np.random.default_rng(seed)
    for weight in crf.weights:
        weight.assign(rng.normal(0, 2, weight.shape))


def constrained(seed=0):
    return make(seed, valid_transitions(TAGS))


def program(crf, *methods):
    """What the methods give for scores, mask and tags, as NumPy arrays; compiled, since loops step by step are slow."""
    run = compiled(lambda *inputs: [method(*inputs) for method in methods], crf.variables, xla=False)
    return lambda *inputs: [ops.convert_to_numpy(y) for y in run(*inputs)]


@functools.cache
def tags_of(free):
    """A field, and a program that finds its tags, compiled once for all examples."""
    crf = make() if free else constrained()
    return crf, program(crf, lambda scores, mask: crf(scores, mask=mask))


@functools.cache
def answers_of(free):
    crf = make() if free else constrained()
    return crf, program(
        crf,
        lambda scores, mask, tags: crf(scores, mask=mask),
        lambda scores, mask, tags: crf.log_partition(scores, mask),
        lambda scores, mask, tags: crf.marginals(scores, mask),
        lambda scores, mask, tags: crf.log_likelihood(scores, tags, mask),
    )


def allowed(crf, path):
    pairs = itertools.pairwise(path)
    return crf.begins[path[0]] and crf.ends[path[-1]] and all(crf.follows[i, j] for i, j in pairs)


def enumerate_paths(crf, scores):
    """{path: score} of all allowed paths of one sequence, in float64."""
    transitions, begin, end = (ops.convert_to_numpy(w).astype(float) for w in crf.weights)
    paths = {}
    for path in itertools.product(range(crf.num_tags), repeat=len(scores)):
        if allowed(crf, path):
            total = begin[path[0]] + end[path[-1]] + sum(scores[t, tag] for t, tag in enumerate(path))
            paths[path] = total + sum(transitions[i, j] for i, j in itertools.pairwise(path))
    return paths


def padded(lengths, time, seed):
    """Scores with noise in the padding, and the mask."""
    scores = np.random.default_rng(seed).normal(0, 3, (len(lengths), time, len(TAGS))).astype(np.float32)
    return scores, np.arange(time) < np.array(lengths)[:, None]
