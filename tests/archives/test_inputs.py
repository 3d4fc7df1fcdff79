"""What an archive holds, cut into parts: no record is lost or doubled, whatever the cuts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.archives import inputs
from dilatednets.errors import InputError


class Texts:
    """What a family says of texts."""

    FIELD, SUFFIXES = "text", ()


class Pictures:
    """What a family says of pictures."""

    FIELD, SUFFIXES = "image", (".png",)


def read(parts, *how):
    return [pair for part in parts for pair in inputs.records(inputs.Part.from_json(part.as_json()), *how)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lines")


@given(lines=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"))), most=st.integers(1, 5))
def test_each_line_is_in_one_part(lines, most, folder):
    path = folder / "a.txt"
    path.write_bytes("\n".join(lines).encode())
    parts = inputs.parts(inputs.sources([path], Texts, path.parent / "out"), most)
    # A line of ASCII blanks alone is none; a mark of the byte order is no text.
    expected = [
        (f"a.txt:{n}", {"text": line.removeprefix("\ufeff")})
        for n, line in enumerate(lines, 1)
        if line.encode().strip()
    ]
    assert read(parts, "text") == expected
    assert all(0 < part.records <= most for part in parts) and [part.number for part in parts] == [*range(len(parts))]
    assert sum(part.records for part in parts) == len(expected)


def test_files_of_folders_and_patterns_keep_their_names(tmp_path):
    for name in ("b/2.png", "a/1.png", "a/notes.doc", "a/.hidden.png", "out/3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * 100)
    with pytest.warns(UserWarning, match="1 files not used, such as notes.doc"):
        found = inputs.sources([tmp_path], Pictures, tmp_path / "out")
    assert read(inputs.parts(found), "image") == [
        (name, {"image": str(tmp_path / name)}) for name in ("a/1.png", "b/2.png")
    ]
    assert [one.name for one in inputs.sources([tmp_path / "*" / "1.png"], Pictures, tmp_path / "out")] == ["a/1.png"]
    found = inputs.sources([tmp_path / "**" / "*.png"], Pictures, tmp_path / "out")
    assert [one.name for one in found] == ["a/1.png", "b/2.png"]  # and not the answers of the last run


def test_a_text_file_may_be_one_record(tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    (tmp_path / "b.txt").write_bytes(b"\xff")
    found = inputs.sources([tmp_path / "a.txt", tmp_path / "b.txt"], Texts, tmp_path / "out", whole=True)
    (_, whole), (_, error) = read(inputs.parts(found), "text")
    assert whole == {"text": "one\ntwo\n"} and "not UTF-8" in str(error)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("a.csv", "a table"),
        ("a.TSV", "a table"),
        ("a.conllu", "a table"),
        ("a.JSON", "JSON in one piece"),
        ("a.xml", "text"),
    ],
)
@pytest.mark.parametrize("whole", [False, True])
def test_what_is_no_text_is_refused_faults(tmp_path, name, what, whole):
    (tmp_path / name).write_text('["It works."]\n')
    for named in (tmp_path / name, tmp_path / "*.*"):
        with pytest.raises(InputError, match=f"{name}: {what}.*; give its texts as lines, or in .parquet or .jsonl"):
            inputs.sources([named], Texts, tmp_path / "out", whole)


def test_bad_lines_are_errors_in_their_place_faults(tmp_path):
    rows = [b'{"line": "good", "speaker": "ann"}', b"{", b"[1]", b'{"line": null}', b'"\xff"']
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(rows))
    pairs = read(inputs.parts(inputs.sources([tmp_path / "a.jsonl"], Texts, tmp_path / "out")), "text", (), "line")
    assert pairs[0] == ("a.jsonl:1", {"line": "good", "text": "good", "speaker": "ann"})
    words = ("not JSON", "has no 'line'", "has no 'line'", "not UTF-8")
    for (_, error), expected in zip(pairs[1:], words, strict=True):
        assert isinstance(error, InputError) and expected in str(error)


def test_a_file_that_a_table_names_lies_beside_it(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"image": "b/c.png"}))
    (pair,) = read(inputs.parts(inputs.sources([tmp_path / "a.jsonl"], Pictures, tmp_path / "out")), "image")
    assert pair[1]["image"] == str(tmp_path / "b/c.png")


HELD = [{"bytes": b"1", "path": "a.png"}, {"bytes": b"2", "path": None}, {"bytes": None, "path": "c/a.png"}]
NOTHING = {"bytes": None, "path": None}


@pytest.mark.parametrize("field", ["image", "audio"])
def test_bytes_and_paths_of_hugging_face_are_unwrapped_faults(tmp_path, field):
    class Family(Pictures):
        FIELD = field

    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({field: one}) for one in ({"path": "b.png"}, NOTHING, {})))
    (_, first), *others = read(inputs.parts(inputs.sources([tmp_path / "a.jsonl"], Family, tmp_path / "out")), field)
    assert first == {field: str(tmp_path / "b.png")} and all(f"has no {field!r}" in str(error) for _, error in others)
    assert [inputs.content_of({field: one}, field) for one in HELD] == [b"1", b"2", "c/a.png"]
    assert inputs.content_of({field: {"array": [0.5], "path": "a"}}, field) == {"array": [0.5], "path": "a"}
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"it": [*HELD, NOTHING], "label": [1, 2, 3, 4]}), tmp_path / "a.parquet")
    found = inputs.sources([tmp_path / "a.parquet"], Family, tmp_path / "out")
    *good, (_, error) = read(inputs.parts(found), field, (), "it")
    assert [row[field] for _, row in good] == [b"1", b"2", str(tmp_path / "c/a.png")] and "has no 'it'" in str(error)


@pytest.mark.parametrize("most", [2, 100])
def test_rows_of_parquet(tmp_path, most):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"text": list("abcdefg"), "other": range(7), "speaker": list("ABCDEFG")})
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=3)
    found = inputs.sources([tmp_path / "a.parquet"], Texts, tmp_path / "out")
    parts = inputs.parts(found, most)
    assert read(parts, "text", ("speaker",)) == [
        (f"a.parquet:{n}", {"text": letter, "speaker": letter.upper()}) for n, letter in enumerate("abcdefg", 1)
    ]
    (tmp_path / "a.parquet").write_bytes(b"nothing")
    with pytest.raises(InputError, match="no Parquet file"):
        inputs.parts(found)


def test_changed_inputs_have_another_fingerprint(tmp_path):
    (tmp_path / "a.txt").write_text("one")
    found = inputs.sources([tmp_path / "a.txt"], Texts, tmp_path / "out")
    before = inputs.fingerprint(found)
    assert inputs.fingerprint(found) == before
    (tmp_path / "a.txt").write_text("other")
    assert inputs.fingerprint(found) != before


def test_what_is_no_archive_is_refused_faults(tmp_path):
    for name in ("a/x.png", "b/x.png", "c/x.doc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for arguments, words in (
        (["nowhere"], "no such file or folder"),
        ([tmp_path / "c"], "holds nothing that this model reads"),
        (["nowhere/*.png"], "holds nothing"),
        ([tmp_path / "a", tmp_path / "b"], "another input is called x.png"),
    ):
        with pytest.raises(InputError, match=words), pytest.MonkeyPatch.context() as patch:
            patch.setattr(inputs.warnings, "warn", lambda *words: None)
            inputs.sources(arguments, Pictures, tmp_path / "out")
