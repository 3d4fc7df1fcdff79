"""An output folder goes on with its own run only."""

import pytest

from dilatednets.archives import manifest
from dilatednets.errors import InputError

RUN = {
    "model": {"name": "a", "class": "TCN", "config.json": "1", "model.weights.h5": "2"},
    "inputs": "3",
    "how": {"format": "parquet", "settings": {"count": True}},
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": {**RUN["model"], "model.weights.h5": "9"}}, "holds answers of another model, a; give that one"),
        ({"inputs": "9"}, "answers other inputs, or they have changed since; choose another output"),
        ({"how": {"format": "files", "settings": {}}}, "was begun with format 'parquet', settings {'count': True}"),
    ],
)
def test_another_run_is_refused_faults(tmp_path, change, words):
    manifest.begin(tmp_path, RUN)
    with pytest.raises(InputError, match=words):
        manifest.begin(tmp_path, {**RUN, **change})
    assert manifest.stamp(RUN) != manifest.stamp({**RUN, **change})
    assert manifest.read(tmp_path) == RUN


def test_the_same_model_by_another_name_goes_on(tmp_path):
    manifest.begin(tmp_path, RUN)
    same = {**RUN, "model": {**RUN["model"], "name": "elsewhere/a"}}
    manifest.begin(tmp_path, same)
    assert manifest.stamp(same) == manifest.stamp(RUN)


def test_foreign_and_damaged_folders_are_refused_faults(tmp_path):
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(InputError, match="is not empty and holds no map"):
        manifest.begin(tmp_path, RUN)
    for content in ("", "[]", "{}"):
        (tmp_path / manifest.NAME).write_text(content)
        with pytest.raises(InputError, match="damaged"):
            manifest.begin(tmp_path, RUN)


def test_a_model_is_known_by_its_files():
    found = manifest.model_of("wavenet_digits")
    assert found["class"] == "WaveNet" and len(found["model.weights.h5"]) == 64
