"""Archives of sequences, and how many things are shared out among the splits."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.data.recording_labels import Labelled
from dilatednets.data.recordings import splits
from dilatednets.data.sequences import load, read, read_array, shared_out
from dilatednets.errors import InputError


def test_an_archive_is_read_and_padding_is_zero(tmp_path, rng):
    x = rng.normal(size=(2, 5, 3))
    x[0, 2:] = np.nan
    np.savez(tmp_path / "train.npz", x=x, y=[0, 1], lengths=[2, 5])
    found = load(tmp_path, "train")
    np.testing.assert_array_equal(found.x[0, :2], x[0, :2])
    assert not found.x[0, 2:].any() and found.lengths.tolist() == [2, 5] and found.y.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"y": [1]}, "holds y, not x"),
        ({"x": np.zeros((2, 3)), "labels": [1, 2]}, "labels is none of x, y and lengths"),
        ({"x": np.zeros(3)}, r"x must be numbers \(count, time, features\)"),
        ({"x": np.zeros((2, 0, 3))}, r"x must be numbers .*, not float64 \(2, 0, 3\)"),
        ({"x": np.array([["a"]])}, "x must be numbers"),
        ({"x": np.zeros((2, 3)), "y": [1]}, r"y is of shape \(1,\) where x has 2 sequences"),
        ({"x": np.zeros((2, 3)), "lengths": [3, 4]}, "lengths must be integers from 1 to the 3 steps"),
        ({"x": np.zeros((2, 3)), "lengths": [0, 3]}, "lengths must be integers from 1 to the 3 steps"),
        ({"x": np.array([[0.0], [np.nan]])}, "x holds NaN or infinity in sequence 1"),
        ({"x": np.zeros((2, 3)), "y": [np.inf, 1]}, "y holds NaN or infinity in sequence 0"),
        ({"x": np.array([[0.0], [1e40]])}, "x holds numbers beyond those of float32 in sequence 1; divide them"),
        (
            {"x": np.zeros((2, 3)), "y": [-1e40, 1]},
            "y holds numbers beyond those of float32 in sequence 0; divide them",
        ),
    ],
)
def test_faults_of_arrays(tmp_path, arrays, words):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=f"a.npz: {words}"):
        read(tmp_path / "a.npz")


OBJECTS = {
    "y": np.array(["cat", "dog"], object),
    "x": np.array([[1, 2.5], [None, 3]], object),
    "lengths": np.array([2, 1], object),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_faults_arrays_of_python_objects_are_named_with_the_cure(tmp_path, name):
    cure = rf"write numbers by {name}.astype\(float\), and names by {name}.astype\(str\)"
    plain = {"x": np.zeros((2, 3)), "y": np.zeros(2)}
    np.savez(tmp_path / "a.npz", **{**plain, name: OBJECTS[name]})
    with pytest.raises(InputError, match=f"a.npz: {name} is of Python objects; {cure}"):
        read(tmp_path / "a.npz")
    np.save(tmp_path / "a.npy", OBJECTS[name])
    with pytest.raises(
        InputError, match=r"a.npy: no array of NumPy's numbers, but of Python objects; .*astype\(float\)"
    ):
        read_array(tmp_path / "a.npy")


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_faults_names_in_bytes_are_names(tmp_path, shape):
    names = np.array(["cat", "dog", "café"]).reshape(shape)
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 2)), y=np.char.encode(names, "utf-8"))
    np.testing.assert_array_equal(read(tmp_path / "a.npz").y, names)
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 2)), y=np.char.encode(names, "latin-1"))
    with pytest.raises(InputError, match=r"a.npz: y holds bytes that are no UTF-8"):
        read(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive", b"\x80\x04."])
def test_faults_of_files(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"a.npz: no archive of NumPy arrays"):
        read(tmp_path / "a.npz")


def test_faults_of_damaged_archives(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((4, 9)))
    whole = (tmp_path / "a.npz").read_bytes()
    method = whole.rindex(b"PK\x01\x02") + 10  # a compression that there is not; then the header of the array
    for place in (method, whole.index(b"descr")):
        (tmp_path / "a.npz").write_bytes(whole[:place] + b"\x63\x63" + whole[place + 2 :])
        with pytest.raises(InputError, match=r"a.npz: no archive of NumPy arrays"):
            read(tmp_path / "a.npz")


def test_faults_of_folders(tmp_path):
    with pytest.raises(InputError, match=r"test.npz: no such file; the layout is train.npz"):
        load(tmp_path, "test")
    with pytest.raises(InputError, match="no split 'dev'"):
        load(tmp_path, "dev")


@pytest.mark.parametrize("count", [3, 7, 100])
def test_everything_is_shared_out_once(count):
    parts = shared_out([f"{place}.wav" for place in range(count)], 0.2, 0.1, "here")
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(count))
    assert min(map(len, parts.values())) >= 1
    with pytest.raises(InputError, match="here: holds 2, too few"):
        shared_out(["a", "b"], 0.2, 0.1, "here")


def test_faults_names_that_are_no_utf8_are_shared_out():
    names = ["\udcff.wav", "a.wav", "b.wav"]  # as Python has the name of a file that begins with the byte 0xff
    parts = shared_out(names, 0.2, 0.1, "here")
    found = [Labelled(Path(name), name, name[:1]) for name in (*names, "\udcff2.wav", "a2.wav", "b2.wav")]
    assert sorted(np.concatenate(list(parts.values())).tolist()) == [0, 1, 2]
    assert len(splits(found, 0.2, words=True)["validation"]) == 3


@given(st.sets(st.text(min_size=1), min_size=4, max_size=60), st.data())
def test_what_is_added_makes_nothing_of_training_a_thing_to_report_on(names, data):
    names = sorted(names)
    added = data.draw(st.sampled_from(names))
    before = [name for name in names if name != added]
    old, new = (
        {split: {some[place] for place in places} for split, places in shared_out(some, 0.2, 0.1, "here").items()}
        for some in (before, names)
    )
    assert not new["test"] & old["train"]
    assert len(old["train"] - new["train"]) <= 2 and len(new["test"] - old["test"] - {added}) <= 1
