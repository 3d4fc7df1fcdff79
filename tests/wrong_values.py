"""Values that are wrong for the arguments of public doors, by what such an argument is."""

import math

import numpy as np

NAN, INFINITY = math.nan, math.inf
WRONG = {
    int: ["3", b"3", 1.5, [3], {}, np.array([1, 2]), True],
    float: ["0.5", b"1", [0.5], {}, True],
    bool: ["yes", 2, [], None],
    str: [3, b"a", ["a"], None],
    "integers": ["12", b"12", [1.5], ["1"], [[1]], 3, [True]],
    "numbers": ["12", 0.5, ["a"], [None]],
    "names": ["abc", b"abc", [1], [""], [" a"], ["a", "a"], 3, {"a": 1}],
    "table": ["a", 3, [1]],
    "count": ["3", 1.5, 0, -1, [1], NAN, 2**40],
    "number": ["1", [], NAN, INFINITY, -1.0],
    "batch": ["3", 1.5, -1, [1], NAN, None, 2**40],
    "seed": ["a", 1.5, -1, [1]],
    "seeds": ["a", 1.5, -1, [], [1.5], [-1], {}],
    "text": [3, b"two", {}, {"a": 1}, 1.5],
    "name": [3, b"ann", "nobody", ["ann", 3], {}],
    "audio": ["a.wav", b"", {}, [], [[]], np.zeros((1, 9, 2)), [NAN], [INFINITY], [9e4], np.zeros(4, complex), ["a"]],
    "sentences": ["a string", b"a", 3, None, ["a string"], [[1, 2]], [[b"a"]], [["a", None]]],
    "document": [3, b"a", None, ["a"], {}],
    "picture": [
        3, None, b"", "", "nowhere.png", [[1, 2], [3, 4]], np.zeros((8, 8)), np.zeros((8, 8, 2), "uint8"),
        np.zeros(8, "uint8"), np.zeros((0, 8, 3), "uint8"), np.zeros((8, 8, 3), complex), np.full((8, 8), -1),
        np.full((8, 8), 70000), np.array("a"),
    ],
    "scales": ["1", [0], [-1], [NAN], [INFINITY], [100], [], 1.0, ["a"]],
    "folder": [3, None, b"a", "", "no such folder"],
    "file": [3, None, "", "no such file", "."],
    "split": ["nonsense", "", 3, None],
    "tokens": ["abc", b"", {}, [[]], [[0.5]], [[-1]], [[99]], np.zeros((1, 2, 3)), [["a"]], [[NAN]], 3],
    "features": ["abc", b"", {}, None, 3, [[]], np.zeros((1, 9, 2)), [[NAN]], [["a"]], np.zeros((1, 9), complex)],
    "steps": ["abc", b"", {}, None, 3, np.zeros((1, 9, 2)), [["a"]], np.zeros((1, 9), complex), np.zeros((3, 9))],
    "state": [None, {}, "abc", [], {"seen": 0}],
    "output": [3, None, "", "/dev/null/a.wav"],
    "stream": [{}, "abc", [], 3],
    "settings": [{"gain": 1}, 3, "a", [1.0], {"gain": "a"}],
    "engine": ["", "xla", 3, {}],
}  # fmt: skip
"""Values that are wrong for an argument of a kind."""
