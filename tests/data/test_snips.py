"""The reader of SNIPS: splits, slots at token boundaries, and files that are laid out otherwise."""

import json
import re

import hypothesis.strategies as st
import pytest
from helpers import CHECKOUT
from hypothesis import given

from dilatednets.data.characters import SPACE
from dilatednets.data.snips import FOLDER, Utterance, load, tokenize
from dilatednets.errors import InputError
from dilatednets.zoo.tcn_chunker.tag_schemes import repairs

SAMPLE = CHECKOUT / "datasets" / "snips" / "sample"
INTENTS = {
    "AddToPlaylist", "BookRestaurant", "GetWeather", "PlayMusic", "RateBook", "SearchCreativeWork", "SearchScreeningEvent",
}  # fmt: skip


def piece(text, entity=None):
    return {"text": text} | ({"entity": entity} if entity else {})


@pytest.fixture
def write(tmp_path):
    """Writes utterances, each a list of pieces, as the file of an intent."""

    def write(utterances, intent="Play", name="train_{}_full.json", folder=tmp_path):
        path = folder / intent / name.format(intent)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {intent: [{"data": pieces} for pieces in utterances]}
        path.write_bytes(json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        return tmp_path

    return write


def test_slots_begin_and_end_at_tokens(write):
    pieces = [piece("Play "), piece("The Who", "artist"), piece("'s songs,"), piece(" now", "time"), piece(".")]
    (utterance,) = load(write([pieces]), "train")
    assert utterance == Utterance(
        ("Play", "The", "Who", "'s", "songs", ",", "now", "."),
        ("O", "B-artist", "I-artist", "O", "O", "O", "B-time", "O"),
        intent="Play",
    )


def test_slots_inside_a_word_and_side_by_side(write):
    slots = [("Meers", "city"), ("MP", "state"), ("am", "time"), ("near",), ("2", "n"), ("3", "n")]
    (utterance,) = load(write([[piece(*slot) for slot in slots]]), "train")
    assert utterance.words == ("Meers", "MP", "am", "near", "2", "3")
    assert utterance.tags == ("B-city", "B-state", "B-time", "O", "B-n", "B-n")


def test_slot_of_nothing_but_space_has_no_tag(write):
    (utterance,) = load(write([[piece("a\n"), piece(" ", "x"), piece("b", "y")]]), "train")
    assert (utterance.words, utterance.tags) == (("a", "b"), ("O", "B-y"))


@given(st.text())
def test_tokens_are_the_text_without_its_spaces(text):
    assert "".join(tokenize(text)) == re.sub(f"[{SPACE}]", "", text)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Book a table for 6/2/2020 at 7:30.", "Book a table for 6/2/2020 at 7:30 ."),
        ("what's U-roy's latest?", "what 's U-roy 's latest ?"),
        ("caf\u00e9\u2019s \u201cmenu\u201d", "caf\u00e9 \u2019s \u201c menu \u201d"),
        ("(4.5 stars, R&B)", "( 4.5 stars , R&B )"),
        ("\u5b98\u65b9 3\u00bd", "\u5b98\u65b9 3\u00bd"),
        ("play\u200bjazz\ufeff \x00now\u200e", "play jazz now"),
        ("\u200b", ""),
        ("", ""),
    ],
)
def test_tokens_by_hand(text, tokens):
    assert tokenize(text) == tokens.split()


@pytest.mark.parametrize(("count", "held_out"), [(7, 0), (8, 1), (24, 3), (900, 100), (1973, 100)])
def test_validation_is_taken_out_of_train_by_text(write, count, held_out):
    folder = write([[piece(f"number {index}")] for index in range(count)])
    train = [u.words[1] for u in load(folder, "train")]
    validation = [u.words[1] for u in load(folder, "validation")] if held_out else []
    assert len(validation) == held_out and sorted(map(int, train + validation)) == list(range(count))
    assert train == sorted(train, key=int) and validation == sorted(validation, key=int)
    # The order of the file does not matter.
    write([[piece(f"number {index}")] for index in reversed(range(count))])
    assert not held_out or {u.words[1] for u in load(folder, "val")} == set(validation)


def test_splits_need_their_own_files_only(write):
    folder = write([[piece("a")]], name="validate_{}.json")
    assert [u.words for u in load(folder, "test")] == [("a",)]
    with pytest.raises(InputError, match=r"no file train_INTENT_full\.json in a folder INTENT; the layout is INTENT/"):
        load(folder, "train")
    with pytest.raises(InputError, match=r"no utterances of split validation; validation needs 8"):
        load(write([[piece("a")]]), "validation")


def test_parent_folder_will_do_and_other_files_are_left_alone(write, tmp_path):
    write([[piece("a")]], folder=tmp_path / FOLDER)
    (tmp_path / FOLDER / "README.md").write_text("Not an intent.")
    (tmp_path / FOLDER / "Play" / "train_Play.json").write_text("Not read.")
    assert load(tmp_path, "train") == load(str(tmp_path / FOLDER), "train")


def test_emoji_of_two_surrogates_is_read(write):
    (utterance,) = load(write([[piece("\u00e9 \ud83c\udf55")]]), "train")
    assert utterance.words == ("\u00e9", "\U0001f355")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a file of JSON"),
        (b'{"Play": [', "not a file of JSON"),
        ('{"Play": "\u00e9"}'.encode("latin-1"), "not text in UTF-8"),
        (b'{"Other": []}', "KeyError"),
        (b'{"Play": [{"text": "a"}]}', "KeyError"),
        (b'{"Play": [{"data": [{"text": 1}]}]}', "TypeError: a text and a slot's name, not 1"),
        (b'{"Play": [{"data": [{"text": "a", "entity": "b c"}]}]}', "not 'a' and 'b c'"),
        (b'{"Play": [{"data": [{"text": " "}]}]}', "an utterance without text"),
        (b'{"Play": [{"data": []}]}', "an utterance without text"),
        (b"[" * 100_000, "not a file of JSON"),
    ],
)
def test_files_in_another_format_are_named(tmp_path, content, message):
    (tmp_path / "Play").mkdir()
    (tmp_path / "Play" / "train_Play_full.json").write_bytes(content)
    with pytest.raises(InputError, match=rf"train_Play_full\.json: .*{message}.*") as error:
        load(tmp_path, "train")
    assert "\n" not in str(error.value)


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere: no file"):
        load(tmp_path / "nowhere", "train")


@pytest.mark.parametrize(("split", "count"), [("train", 28), ("validation", 4), ("test", 8)])
def test_sample_is_what_its_readme_says(split, count):
    readme = " ".join((SAMPLE.parent / "README.md").read_text(encoding="utf-8").split())
    assert "28 of train, 4 of validation and 8 of test" in readme
    utterances = load(SAMPLE, split)
    assert {intent: sum(u.intent == intent for u in utterances) for intent in INTENTS} == dict.fromkeys(INTENTS, count)
    assert len(utterances) == 7 * count
    assert all(repairs(u.tags) == 0 and len(u.words) == len(u.tags) for u in utterances)
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*.json")) < 150_000
