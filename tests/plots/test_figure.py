"""Files of pictures, and what the plots share."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers import CHECKOUT
from PIL import Image

from dilatednets.errors import InputError
from dilatednets.plots.curves import draw_curves
from dilatednets.plots.figure import FIGURES, check_suffix, figure, frame, save
from dilatednets.plots.labels import label_image, value_image
from dilatednets.plots.palette import default_palette

MAGIC = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF", ".jpg": b"\xff\xd8", ".jpeg": b"\xff\xd8"}

NUMBERS = np.array([[0, 7], [199, 200]])


def drawn(number=1):
    picture, (ax,) = figure([300], 400)
    draw_curves(ax, {"a": [(0, 0), (1, number)], "b": [(0, 1), (1, 0)]}, "x", "y", f"picture {number}")
    ax.imshow(np.eye(2), extent=(0, 1, 0, 1))
    return picture


def image():
    return Image.new("RGB", (3, 2), "red")


def test_sizes_are_pixels_and_axes_lie_one_below_the_other(tmp_path):
    picture, (above, below) = figure([100, 300], 500)
    above.set_ylabel("a\nlabel\nof\nmany\nlines")
    save(picture, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as read:
        assert read.size == (500, 400)
    above, below = (ax.get_window_extent() for ax in (above, below))
    assert above.y0 > 300 and 0 < below.y0 < below.y1 < 300
    assert above.x0 > below.x0 + 20, "a label above takes no room from the axes below"


def test_axes_that_share_x_are_aligned():
    picture, (above, below) = figure([200, 200], share_x=True)
    above.set_ylabel("a\nlabel\nof\nmany\nlines")
    below.set_xlim(3, 5)
    picture.draw_without_rendering()
    assert above.get_xlim() == (3, 5)
    assert above.get_window_extent().x0 == pytest.approx(below.get_window_extent().x0)


def test_dollars_are_not_mathematics_and_a_long_title_stays_inside(tmp_path):
    picture, (ax,) = figure([300], 400)
    frame(ax, "costs $1 or $\\frac$ " + "and so on " * 20)
    save(picture, tmp_path / "a.png")
    bounds = ax.title.get_window_extent(), ax._left_title.get_window_extent()
    assert all(b.x0 >= 0 and b.x1 <= 400 and b.y0 >= 0 and b.y1 <= 300 for b in bounds)


@pytest.mark.parametrize("suffix", [*FIGURES, ".PNG"])
def test_figure_has_the_format_of_its_suffix_and_equal_ones_have_equal_bytes(tmp_path, suffix):
    for name, number in (("a", 1), ("b", 1), ("c", 2)):
        save(drawn(number), tmp_path / f"{name}{suffix}")
    first, second, other = ((tmp_path / f"{name}{suffix}").read_bytes() for name in "abc")
    assert first.startswith(MAGIC[suffix.lower()])
    assert first == second != other
    picture = drawn()
    for _ in range(2):
        save(picture, tmp_path / f"again{suffix}")
        assert (tmp_path / f"again{suffix}").read_bytes() == first


def test_names_inside_an_svg_still_refer_to_what_they_name(tmp_path):
    import xml.etree.ElementTree as tree

    save(drawn(), tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    nodes = list(tree.fromstring(text).iter())
    names = [node.get("id") for node in nodes if node.get("id")]
    links = [value for node in nodes for name, value in node.items() if name.endswith("href") and value[0] == "#"]
    clips = [node.get("clip-path") for node in nodes if node.get("clip-path")]
    assert len(names) == len(set(names)) and links and clips
    assert {link[1:] for link in links} <= set(names) and {clip[5:-1] for clip in clips} <= set(names)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg"])
def test_image_has_the_format_of_its_suffix(tmp_path, suffix):
    for name in "ab":
        save(image(), tmp_path / f"{name}{suffix}")
    first, second = ((tmp_path / f"{name}{suffix}").read_bytes() for name in "ab")
    assert first.startswith(MAGIC[suffix]) and first == second


@pytest.mark.parametrize("numbers", [label_image(NUMBERS, default_palette(201)), value_image(NUMBERS, 1)])
def test_numbers_survive_as_png_and_are_refused_as_jpeg(tmp_path, numbers):
    save(numbers, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as read:
        np.testing.assert_array_equal(np.asarray(read), NUMBERS)
    with pytest.raises(InputError, match=r"a\.jpg: .*choose a name that ends in \.png$"):
        save(numbers, tmp_path / "a.jpg")


@pytest.mark.parametrize("name", ["a.gif", "a", "a.jpg", "png", ".png"])
def test_another_suffix_is_refused_before_and_after_the_work(tmp_path, name):
    for refuse in (check_suffix, lambda path: save(figure([100])[0], path)):
        with pytest.raises(InputError, match=r"choose a name that ends in \.png, \.svg or \.pdf$") as caught:
            refuse(tmp_path / name)
        assert str(caught.value).startswith(f"{tmp_path / name}: ")
    with pytest.raises(InputError, match=r"ends in \.png, \.jpg or \.jpeg$"):
        save(image(), tmp_path / "a.svg")
    assert not list(tmp_path.iterdir())


def test_failed_save_leaves_the_old_picture_and_nothing_else(tmp_path, monkeypatch):
    save(image(), tmp_path / "new" / "a.png")
    before = (tmp_path / "new" / "a.png").read_bytes()

    def disk_full(self, data):
        with self.open("wb") as file:
            file.write(data[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", disk_full)
    with pytest.raises(InputError, match="No space"):
        save(drawn(), tmp_path / "new" / "a.png")
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["a.png"]
    assert (tmp_path / "new" / "a.png").read_bytes() == before


def test_refuses_to_save_where_it_cannot(tmp_path):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.png").mkdir()
    for path in (tmp_path / "file" / "a.png", tmp_path / "folder.png"):
        with pytest.raises(InputError, match=r"cannot write there .*choose another output"):
            save(image(), path)


def test_threads_draw_what_one_thread_draws(tmp_path):
    def written(number):
        path = tmp_path / f"{number}{FIGURES[number % 3]}"
        save(drawn(number), path)
        return path.read_bytes()

    alone = [written(number) for number in range(6)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(written, range(6))) == alone


def test_rooms_load_no_library_of_pictures_and_drawing_loads_no_pyplot(tmp_path):
    modules = [f"dilatednets.plots.{path.stem}" for path in CHECKOUT.glob("dilatednets/plots/[a-z]*.py")]
    assert len(modules) >= 7
    code = (
        f"import sys, {', '.join(modules)}\n"
        "assert not {'matplotlib', 'PIL', 'keras'} & set(sys.modules)\n"
        "dilatednets.plots.figure.save(dilatednets.plots.figure.figure([100])[0], sys.argv[1])\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(tmp_path / "a.png")], check=True)
