"""What a chunker is trained and measured on: columns and schemes as they come, through each door."""

from dataclasses import replace

import pytest
from chunkers import recipe_of, refusal, sentences_of, write
from helpers import tiny_chunker

from dilatednets.cli.main import main
from dilatednets.zoo.tcn_chunker import training as chunking
from dilatednets.zoo.tcn_chunker.tag_schemes import convert, spans


@pytest.mark.parametrize("scheme", ["iob1", "iob2", "iobes", "bilou"])
@pytest.mark.parametrize("named", [True, False])
def test_schemes_are_read_as_the_same_spans_faults(tmp_path, scheme, named):
    sentences = sentences_of(6, 1)
    tags = [tuple(convert(one.tags, "iob2", scheme)) for one in sentences]
    folder = write(tmp_path / "data", val=[replace(one, tags=some) for one, some in zip(sentences, tags, strict=True)])
    found = chunking.read(folder, "validation", "columns", scheme=scheme if named else "")
    assert [spans(one.tags) for one in found] == [spans(one.tags) for one in sentences]
    if named or scheme != "iob1":
        assert found == sentences


FOUR = "-DOCSTART- -X- -X- O\n\nthe DT x U-NP\nsaw VB x U-VP\n\na DT x B-NP\ndog NN x L-NP\n"


def test_columns_as_they_come_through_each_door_faults(tmp_path, capsys):
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("train", "valid"):
        (folder / f"{name}.txt").write_text(FOUR)
    recipe = recipe_of(data={"columns": ["word", "pos", "-", "tag"], "scheme": "bilou"})
    task = chunking.Task(recipe, folder)
    assert task.net.labels == ("NP", "VP") and task.sentences[1].tags == ("B-NP", "I-NP") == task.held_out[1].tags
    assert chunking.Task(recipe_of(), folder).sentences == task.sentences  # CoNLL-2003's, by its first line
    task.net.save_to_preset(tmp_path / "net")
    command = ["evaluate", str(tmp_path / "net"), "--data-dir", str(folder), "--reader", "columns", "--json"]
    assert main([*command, "--columns", "word,pos,-,tag", "--scheme", "bilou"]) == 0
    assert '"sentences": 2' in capsys.readouterr().out
    for name in ("train", "valid"):
        (folder / f"{name}.txt").write_text(FOUR.partition("\n\n")[2])
    assert refusal(chunking.Task, recipe_of(), folder).startswith(
        f"data.columns: {folder}/train.txt has 4; name what each"
    )
    assert chunking.Task(recipe, folder).sentences == task.sentences
    for arguments, says in (
        ((), f"--columns: {folder}/valid.txt has 4; name what each holds: word, tag, pos, or - for others"),
        (("--columns", "word,pos,-,-"), "--columns: word, pos, -, -; name the one of the tags: tag"),
        (("--columns", ""), "--columns: "),
        (("--columns", "word,pos,-,tag", "--scheme", "iob2"), "line 1: 'U-NP' is not a tag"),
        (("--scheme", "bmes"), "--scheme: must be 'iob1' or"),
        (("--reader", "conll2000", "--scheme", "iob1"), "--scheme: conll2000 has its own; leave it out"),
        (("--reader", "nuclei"), "--reader: 'nuclei': a chunker's data sets are"),
        (("--split", "dev"), "--split: columns has train, validation"),
    ):
        assert main([*command, *arguments]) == 2
        line = capsys.readouterr().err
        assert says in line and line.count("\n") == 1, line


def test_vectors_of_another_length_are_refused_faults(tmp_path):
    (tmp_path / "vectors.txt").write_text(f"dog {'0.5 ' * 300}\n")
    recipe = recipe_of(data={"embeddings": str(tmp_path / "vectors.txt")})
    message = refusal(chunking.build_model, recipe, sentences_of(3, 0))
    assert "300 numbers, but the net needs 12; set net.word_channels" in message


def test_no_sentences_faults():
    model = tiny_chunker()
    assert "sentences: there are none" in refusal(chunking.evaluate_sentences, model, [])
    assert "sentences: must be a list" in refusal(chunking.make_batches, model, recipe_of(), [])
