"""Folders where files are wanted, files that are missing, and files where folders are wanted: each with the cure."""

import pytest

from dilatednets.cli.main import main
from dilatednets.data import audio_folder, camvid, conll2000, nuclei, sequences, snips
from dilatednets.data.audio import read_audio
from dilatednets.data.audio_stream import sound_reader
from dilatednets.data.columns import read_columns
from dilatednets.data.table_csv import read_table
from dilatednets.errors import InputError
from dilatednets.zoo.audio_effect import nam_file


def stream(path):
    with sound_reader(str(path), 8000):
        pass


READERS = {
    "audio": (lambda path: read_audio(path, 8000), "a recording"),
    "stream": (stream, "a recording"),
    "archive": (sequences.read, "an .npz archive"),
    "array": (sequences.read_array, "an .npy file"),
    "table": (read_table, "a CSV file"),
    "columns": (lambda path: next(read_columns(path)), "a text file in columns"),
    "nam": (nam_file.read, "a .nam file"),
}


@pytest.mark.parametrize("name", READERS)
def test_faults_folders_where_files_are_wanted(name, tmp_path):
    read, wanted = READERS[name]
    for path, words in (
        (tmp_path, f"Is a directory); give {wanted} in it"),
        (tmp_path / "none", f"No such file or directory); give {wanted}"),
    ):
        with pytest.raises(InputError) as refused:
            read(path)
        assert str(refused.value) == f"{path}: cannot be read ({words}"


@pytest.mark.parametrize("data_set", [audio_folder, camvid, conll2000, nuclei, sequences, snips])
def test_faults_files_where_folders_are_wanted(data_set, tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    more = (8000, 0.2, 0.2) if data_set is audio_folder else ()
    with pytest.raises(InputError, match=r"a.csv: is a file; give the folder that holds the data set"):
        data_set.load(tmp_path / "a.csv", "train", *more)


def test_faults_the_command_says_so(tmp_path, capsys):
    assert main(["process", "pedal_ds1", str(tmp_path), "--output", str(tmp_path / "wet.wav")]) == 2
    assert f"{tmp_path}: cannot be read (Is a directory); give a recording in it" in capsys.readouterr().err
