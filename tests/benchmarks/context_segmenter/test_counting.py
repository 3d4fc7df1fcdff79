"""Counting is measured in changed pictures, beside Otsu's threshold."""

import json
import sys
import warnings

import numpy as np
import pytest
from helpers import tiny_segmenter
from PIL import Image

from dilatednets.benchmarks.context_segmenter import counting, otsu
from dilatednets.cli.main import main
from dilatednets.data import nuclei
from dilatednets.errors import InputError, Note


def spots(count=5):
    """Bright discs on a dark ground, uint8 (height, width, 3), and their numbers; two of them touch."""
    rows, columns = np.indices((60, 100))
    labels = np.zeros((60, 100), int)
    for number, (row, column) in enumerate(((15, 20), (15, 37), (45, 20), (44, 60), (20, 80))[:count], start=1):
        labels[np.hypot(rows - row, columns - column) < 9] = number
    return np.where(labels > 0, 180, 12).astype(np.uint8)[..., None].repeat(3, -1), labels


class Knowing:
    """A segmenter or a regressor that reads the answer off the picture, whatever its brightness."""

    diameter, scales, channels, normalization = 0.0, (1.0,), 3, "percentiles"

    def __init__(self, head, things=True):
        self.head, self.class_names = head, nuclei.CLASSES if head == "classification" else ("distance",)
        self.things = self.class_names[-1:] if things else ()

    def segment(self, image):
        return (image[..., 0] > (int(image.min()) + int(image.max())) / 2).astype(np.int32)

    def regress(self, image):
        labels = spots()[1].repeat(len(image) // 60, 0).repeat(len(image) // 60, 1)
        return nuclei.edge_distance(np.where(self.segment(image) > 0, labels, 0))


class Pairs(list):
    class_names = nuclei.CLASSES


@pytest.fixture
def measured(monkeypatch):
    """`counting.run` on a data set of a single picture."""
    task = counting.task_of(Knowing("classification"))
    pairs = Pairs([spots()])
    monkeypatch.setattr(counting, "task_of", lambda model: type(task)(lambda folder, split: pairs, things=("nucleus",)))
    return lambda *models: counting.run(models[0], "anywhere", *models[1:])


def test_both_models_tell_apart_what_outlines_alone_do_not(measured):
    pytest.importorskip("skimage")
    for models in (("classification", "regression"), ("regression", "classification")):
        result = measured(*map(Knowing, models))
        rows = {(row.pop("picture"), row.pop("method")): row for row in result["rows"]}
        assert (result["images"], result["split"]) == (1, "validation")
        methods = ["both models", "outlines alone", "distances alone", "Otsu"]
        assert list(rows) == [(change, method) for change in counting.CHANGES for method in methods]
        for change in counting.CHANGES:
            assert rows[change, "both models"] == {"iou": 1, "count_error": 0, "f1": 1, "average_precision": 1}
            alone = rows[change, "outlines alone"]  # of five, three and one that is two
            assert alone["count_error"] == pytest.approx(0.2) and alone["average_precision"] == pytest.approx(3 / 6)
            assert alone["f1"] == pytest.approx(2 * 3 / (2 * 3 + 1 + 2))
            assert rows[change, "Otsu"]["count_error"] == 0 and rows[change, "Otsu"]["f1"] == 1


def test_changes_are_what_they_are_called():
    image, labels = spots()
    changed = {name: change(image, labels) for name, change in counting.CHANGES.items()}
    bright = {
        name: (int(pixels.min()), int(pixels.max()), pixels.dtype.itemsize) for name, (pixels, _) in changed.items()
    }
    assert bright == {
        "as it is": (12, 180, 1),
        "a quarter as bright": (3, 45, 1),
        "20 grey levels added": (32, 200, 1),
        "12 bits in 16": (192, 2880, 2),
        "8 bits in 16": (12, 180, 2),
        "gamma 0.5": (55, 214, 1),
        "gamma 2": (1, 127, 1),
        "twice as large": (12, 180, 1),
    }
    for name, (pixels, seen) in changed.items():
        assert pixels.shape[:2] == seen.shape == tuple((1 + (name == "twice as large")) * n for n in labels.shape)
    for bands in (1, 5):
        pixels, _ = counting.CHANGES["twice as large"](np.repeat(image[..., :1], bands, -1), labels)
        assert pixels.shape == (2 * labels.shape[0], 2 * labels.shape[1], bands)
    assert counting.CHANGES["20 grey levels added"](np.full((2, 2, 3), 250, np.uint8), labels)[0].max() == 255


def test_what_is_unknown_does_not_count():
    tally = counting.Tally()
    tally.add(np.array([[1, 1, 0, -1]]), np.array([[1, 1, 0, 1]]))
    assert tally.result()["iou"] == 1
    nothing = counting.Tally()
    nothing.add(np.zeros((2, 2), int), np.zeros((2, 2), int))
    assert set(nothing.result().values()) == {0.0}


def test_otsu_takes_any_picture():
    pytest.importorskip("skimage")
    image, labels = spots()
    assert otsu.instances(image).max() == otsu.instances(image.astype(np.uint16) * 16).max() == labels.max()
    for blank in (np.zeros((20, 30, 3), np.uint8), np.full((20, 30, 1), 65535, np.uint16)):
        assert otsu.instances(blank).max() == 0
    speck = np.zeros((20, 30, 1), np.uint8)
    speck[5:8, 5:9] = 200  # 12 pixels
    assert otsu.instances(speck).max() == 0


def test_without_scikit_image_a_note_says_so(measured, monkeypatch):
    monkeypatch.setattr(counting, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.warns(Note, match=r"scikit-image; pip install 'dilatednets\[benchmark\]'"):
        result = measured(Knowing("classification"))
    assert {row["method"] for row in result["rows"]} == {"outlines alone"}


def test_faults_dark_pictures_are_changed_on_purpose(measured):
    """What is said of them to a user would be said once for every picture here."""

    class Warning_(Knowing):
        def segment(self, image):
            warnings.warn("image: uses values 0 to 5 of 0 to 255 only", stacklevel=1)
            return super().segment(image)

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("ignore", Note)
        measured(Warning_("classification"))


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ((Knowing("classification"), Knowing("classification")), "^partner: "),
        ((Knowing("classification", False),), "^model: labels areas"),
        ((Knowing("classification"), Knowing("regression", False)), "labels areas"),
    ],
)
def test_faults_models_that_do_not_count(models, words, measured):
    with pytest.raises(InputError, match=words):
        measured(*models)


@pytest.mark.slow
def test_command(tmp_path, capsys):
    for kind, values in zip(("images", "labels"), spots(), strict=True):
        (tmp_path / kind).mkdir()
        Image.fromarray(values.astype(np.uint8)).save(tmp_path / kind / "a.png")
    (tmp_path / "index.tsv").write_text("id\tsplit\na\tval\n")
    tiny_segmenter(2, class_names=nuclei.CLASSES, things=("nucleus",)).save_to_preset(tmp_path / "outlines")
    tiny_segmenter(1, head="regression", class_names=("distance",), things=("distance",)).save_to_preset(tmp_path / "d")
    command = ["benchmark", "counting", str(tmp_path / "outlines"), "--data-dir", str(tmp_path)]
    assert main([*command, "--json"]) == 0
    alone = {row["method"] for row in json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]}
    card = tmp_path / "outlines" / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "partner": str(tmp_path / "d")}))
    assert main([*command, "--split", "test"]) == 2 and "names no image of split test" in capsys.readouterr().err
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "both models" not in alone and sum("| both models |" in line for line in lines) == len(counting.CHANGES)
    assert main([*command, "--partner", str(tmp_path / "outlines")]) == 2
    assert "--partner: must give distances" in capsys.readouterr().err
