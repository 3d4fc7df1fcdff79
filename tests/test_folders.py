"""Files of folders, those that links lead to, too."""

import os

import pytest

from dilatednets.archives import inputs
from dilatednets.data.picture_folders import pictures_below
from dilatednets.data.recording_labels import labelled
from dilatednets.errors import InputError
from dilatednets.folders import files_below


class Pictures:
    """What a family says of pictures."""

    FIELD, SUFFIXES = "image", (".png",)


@pytest.fixture
def linked(tmp_path):
    """Two folders of files, one of which is a link, and a link back."""
    for name in ("data/yes/1", "elsewhere/2", "data/.hidden/3"):
        (tmp_path / name).parent.mkdir(parents=True)
        for suffix in (".png", ".wav"):
            (tmp_path / (name + suffix)).write_bytes(b"x" * 100)
    (tmp_path / "data" / "no").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "data")
    (tmp_path / "elsewhere" / "itself").symlink_to(".")
    return tmp_path / "data"


def test_links_to_folders_are_entered_once(linked):
    names = [path.relative_to(linked).as_posix() for path in files_below(linked)]
    assert names == ["no/2.png", "no/2.wav", "yes/1.png", "yes/1.wav"]


@pytest.mark.filterwarnings("ignore:.*not used")
def test_faults_no_reader_leaves_out_what_a_link_leads_to(linked):
    assert [(one.name, one.word) for one in labelled(linked, True)] == [("no/2", "no"), ("yes/1", "yes")]
    assert [path.name for path in pictures_below(linked)] == ["2.png", "1.png"]
    assert [one.name for one in inputs.sources([linked], Pictures, linked / "out")] == ["no/2.png", "yes/1.png"]


def test_faults_of_links_to_nothing_and_closed_folders(linked):
    (linked / "yes" / "3.wav").symlink_to(linked / "nowhere.wav")
    with pytest.raises(InputError, match=r"3.wav: is a link to what is not there; mend it, or remove it"):
        files_below(linked)
    (linked / "yes" / "3.wav").unlink()
    (linked / "yes").chmod(0)
    if not os.access(linked / "yes", os.R_OK):  # root reads all
        with pytest.raises(InputError, match=r"yes: cannot be read \(Permission denied\); give a folder that can be"):
            files_below(linked)
    (linked / "yes").chmod(0o700)
