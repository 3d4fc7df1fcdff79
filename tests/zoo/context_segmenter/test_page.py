"""The page of a segmenter: a picture, and what is seen in it."""

import io

import numpy as np
import pytest
import tifffile
from helpers import tiny_segmenter
from PIL import Image
from visits import visit

from dilatednets.zoo.context_segmenter import page as page_module
from dilatednets.zoo.context_segmenter.page import page

STREETS, NUCLEI = "context_segmenter_camvid", "context_segmenter_nuclei"
"""Presets whose recipes say what the example is; the models are small ones."""


def file_of(pixels, kind="PNG", **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def test_a_picture_and_its_labels_are_shown_faults(rng, monkeypatch):
    model = tiny_segmenter(class_names=("sky", "road", "car"), things=("car",))
    pixels = rng.integers(0, 256, (40, 60, 3), "uint8")
    with visit(page(model, STREETS)) as visitor:
        _, answer = visitor.fill_in(image=("street.png", file_of(pixels)), page="")
        shown, overlay = answer.pictures
        np.testing.assert_array_equal(shown, pixels)
        assert overlay.shape[0] > 40 and " counted, by outlines alone" in answer.text
        labels = np.asarray(Image.open(io.BytesIO(answer.files[0])))
        np.testing.assert_array_equal(labels, model.segment(pixels))
        for file, line in (
            (("a.png", b"GIF?"), "a.png: not a readable image"),
            (("a.png", file_of(pixels)[:99]), "a.png: not a readable image"),
            (("", b""), "Picture: no file was chosen"),
        ):
            status, answer = visitor.fill_in(image=file, page="")
            assert status == 400 and answer.wrong.startswith(line)
        pages = file_of(pixels, "TIFF", save_all=True, append_images=[Image.fromarray(pixels)])
        assert "holds 2 pages" in visitor.fill_in(image=("a.tif", pages), page="")[1].wrong
        assert visitor.fill_in(image=("a.tif", pages), page="2")[0] == 200
        monkeypatch.setattr(page_module, "MOST_PIXELS", 1000)
        bands, small = (
            io.BytesIO(),
            file_of(pixels[:9, :9], "TIFF", save_all=True, append_images=[Image.fromarray(pixels)]),
        )
        tifffile.imwrite(bands, np.zeros((40, 60, 5), np.uint16), photometric="minisblack", planarconfig="contig")
        for name, file, number in (
            ("a.png", file_of(pixels), ""),
            ("a.tif", bands.getvalue(), ""),
            ("a.tif", small, "2"),
        ):
            wrong = visitor.fill_in(image=(name, file), page=number)[1].wrong
            assert wrong.startswith(f"{name}: is too large, 1,000 pixels")


@pytest.mark.parametrize("handle", [NUCLEI, STREETS])
def test_values_are_shown_and_a_sample_where_there_is_one_faults(handle):
    model = tiny_segmenter(1, head="regression", class_names=("height",))
    with visit(page(model, handle)) as visitor:
        status, answer = visitor.fill_in(page="")
    assert (status == 200 and "values" in answer.text) if handle == NUCLEI else "no file" in answer.wrong
