"""Forms as browsers send them: bytes come through whole, and what is none of a form is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visits import BOUNDARY, form

from dilatednets.errors import InputError
from dilatednets.pages import Choice, File, Number, Text
from dilatednets.play import forms

KIND = f"multipart/form-data; boundary={BOUNDARY}"
NAMES = st.text("abc_.", min_size=1, max_size=5)


@given(st.dictionaries(NAMES, st.binary(max_size=300)))
def test_bytes_of_files_come_through_whole(files):
    found = forms.parts(KIND, form({name: ("a.wav", data) for name, data in files.items()}))
    assert found == {name: forms.Part(data, "a.wav") for name, data in files.items()}


def test_names_beyond_ascii_and_quotes_come_through():
    found = forms.parts(KIND, form({"a": ("Käfer 虫.png", b""), "b": ("a %22b%22; c.png", b""), "c": "é"}))
    assert [found["a"].file, found["b"].file, found["c"].data] == ["Käfer 虫.png", "a %22b%22; c.png", "é".encode()]


@given(st.binary(max_size=200))
def test_what_is_no_form_is_refused_faults(body):
    for kind in ("", "text/plain", "multipart/form-data", KIND):
        with pytest.raises(InputError, match=r"^the form: "):
            forms.parts(kind, body)


@pytest.mark.parametrize("cut", range(0, 120, 7))
def test_what_is_cut_off_is_refused_faults(cut):
    whole = form({"text": "two", "file": ("a.wav", bytes(20))})
    with pytest.raises(InputError, match=r"^the form: "):
        forms.parts(KIND, whole[: len(whole) - 6 - cut])


FIELDS = [
    Text("text", "Text"), Number("seed", "Seed"), Number("heat", "Heat", 1.0), Number("steps", "Steps", 64),
    Choice("who", "Who", ("ann", "bob")),
]  # fmt: skip


def sent(**values):
    return {name: forms.Part(value.encode()) for name, value in values.items()}


def test_values_have_the_types_of_their_fields(tmp_path):
    values = forms.values(FIELDS, sent(text="a\r\nb", seed="", heat="0.5", steps=" 8 ", who="bob"), tmp_path)
    assert values == {"text": "a\nb", "seed": None, "heat": 0.5, "steps": 8, "who": "bob"}
    assert [type(value) for value in values.values()] == [str, type(None), float, int, str]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"seed": "x"}, "seed: must be a whole number, not 'x'"),
        ({"seed": "1.5"}, "seed: must be a whole number, not '1.5'"),
        ({"seed": 400 * "9"}, f"seed: must be a whole number, not '{50 * '9'}'"),
        ({"heat": "nan"}, "heat: must be a number, not 'nan'"),
        ({"heat": ""}, "heat: must be a number, not ''"),
        ({"steps": ""}, "steps: must be a whole number, not ''"),
        ({"who": "eve"}, "who: there is no 'eve'; choose one of ann, bob"),
        ({"who": ""}, "who: there is no ''; choose one of ann, bob"),
    ],
)
def test_values_that_are_none_are_refused_faults(values, line, tmp_path):
    good = {"text": "", "seed": "", "heat": "1", "steps": "1", "who": "ann"}
    with pytest.raises(InputError) as refused:
        forms.values(FIELDS, sent(**{**good, **values}), tmp_path)
    assert str(refused.value) == line
    with pytest.raises(InputError, match=r"^text: is no text in UTF-8"):
        forms.values(FIELDS, {**sent(**good), "text": forms.Part(b"\xff")}, tmp_path)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.wav", "a.wav"),
        ("C:\\sounds\\a b.wav", "a b.wav"),
        ("../../etc/passwd", "passwd"),
        ("..", "file"),
        (".hidden.png", "hidden.png"),
        ("a\0b:c.png", "a_b_c.png"),
        ("a" * 300 + ".png", "a" * 136 + ".png"),
        ("ä" * 300 + ".png", "ä" * 68 + ".png"),
        ("顕微鏡" * 30 + ".png", "顕微鏡" * 15 + ".png"),  # three bytes a letter
        ("a" + "顕" * 46 + "b.png", "顕" * 45 + "b.png"),  # of 144 bytes, cut amidst a letter
        ("x" * 200 + "." * 140 + "png", "png"),
        ("𠀀" * 64 + ".png", "𠀀" * 34 + ".png"),
        ("a\ud800.png", "a_.png"),
    ],
)
def test_files_lie_in_the_folder_of_their_field(name, kept, tmp_path):
    values = forms.values([File("image", "Image")], {"image": forms.Part(b"abc", name)}, tmp_path)
    assert values["image"] == tmp_path / "image" / kept and values["image"].read_bytes() == b"abc"


def test_a_file_that_is_not_chosen_is_the_example_or_refused_faults(tmp_path):
    example = tmp_path / "example.png"
    for nothing in ({}, {"image": forms.Part(b"", "")}):
        assert forms.values([File("image", "Image", (), example)], nothing, tmp_path) == {"image": example}
        with pytest.raises(InputError, match=r"no file was chosen; choose one that ends in \.png, \.tif"):
            forms.values([File("image", "Image", (".png", ".tif"))], nothing, tmp_path)
