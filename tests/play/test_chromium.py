"""The page in a browser: what is filled in, heard and seen, and nothing that comes from elsewhere."""

import threading

import numpy as np
import pytest
from chromium import EXECUTABLE, Chromium
from PIL import Image
from visits import visit

from dilatednets.data.samples import sample
from dilatednets.errors import InputError
from dilatednets.pages import File, Page, Picture, Sound, Text, Words
from dilatednets.play import server

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not EXECUTABLE, reason="needs chromium")]
GO = "document.querySelector('button').click()"
DONE = "document.querySelector('#answer').children.length > 0 && document.querySelector('#answer').className == ''"
SEEN = "[...document.images].map(image => image.naturalWidth)"
HEARD = """Promise.all([...document.querySelectorAll('audio')].map(audio => new Promise((done, failed) => {
    audio.onloadedmetadata = () => done(audio.duration);
    audio.onerror = () => failed(audio.error);
    audio.load();
})))"""
"""How long each sound is, when the browser has read it."""


@pytest.fixture(scope="module")
def browser():
    with Chromium() as one:
        yield one


def echo(text, file):
    if text == "bad":
        raise InputError("text: is bad; type another")
    yield Words("Words", f"<script>alert({text})</script>")
    yield Sound("Sound", np.zeros(4000, np.float32), 8000)
    yield Picture("Picture", Image.new("RGB", (30, 20)))
    yield Words("File", file.read_text())


def test_a_form_is_answered_in_place_and_from_nowhere_else(browser, tmp_path):
    (tmp_path / "a.txt").write_text("from a file")
    with visit(Page("", [Text("text", "Text"), File("file", "File")], echo)) as visitor:
        address = f"{visitor.server.address}models/it"
        browser.open(visitor.server.address)
        browser.run("document.querySelector('a').click()")
        browser.wait_for(f"location.href == '{address}' && document.readyState == 'complete'")
        browser.choose("[type=file]", tmp_path / "a.txt")
        browser.run("document.querySelector('[name=text]').value = 'two'")
        browser.run(GO)
        browser.wait_for(DONE)
        words = browser.run("document.querySelector('#answer').innerText")
        assert "<script>alert(two)</script>" in words and "from a file" in words
        assert browser.run(SEEN) == [30] and browser.run(HEARD) == [0.5]
        assert not browser.complaints()
        browser.run("document.querySelector('[name=text]').value = 'bad'")
        browser.run(GO)
        browser.wait_for("document.querySelector('#answer').innerText.trim() == 'Text: is bad; type another'")
        assert browser.run("document.querySelector('[type=file]').files[0].name") == "a.txt"
        # Without scripts, the form is sent by the browser itself.
        browser.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.open(address)
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
        browser.choose("[type=file]", tmp_path / "a.txt")
        browser.run(GO)
        browser.wait_for(f"document.readyState == 'complete' && {DONE}")
        assert browser.run(SEEN) == [30]
        assert all(url.startswith((visitor.server.address, "data:")) for url in browser.asked_for())
        assert len(browser.asked_for()) > 5


def test_a_server_that_has_ended_is_said(browser):
    with visit(Page("", [Text("text", "Text")], lambda text: [])) as visitor:
        browser.open(f"{visitor.server.address}models/it")
    browser.run(GO)
    browser.wait_for("document.querySelector('#answer').innerText.startsWith('No answer came.')")


GUITAR, CELLS = sample("guitar") / "dry.wav", sorted((sample("nuclei") / "images").iterdir())[2]


@pytest.mark.parametrize(
    ("model", "file", "sounds", "pictures"),
    [("wavenet_digits", None, 1, 1), ("context_segmenter_nuclei", CELLS, 0, 2), ("pedal_ds1", GUITAR, 2, 2)],
)
def test_trained_models_are_heard_and_seen(browser, model, file, sounds, pictures):
    with server.opened(model, 0) as page:
        thread = threading.Thread(target=page.serve_forever, args=(0.01,))
        thread.start()
        try:
            browser.open(f"{page.address}models/{model}")
            if file:
                browser.choose("[type=file]", file)
            browser.run(GO)
            browser.wait_for(DONE)
            assert all(width > 100 for width in browser.run(SEEN)) and len(browser.run(SEEN)) == pictures
            assert all(seconds > 0.5 for seconds in browser.run(HEARD)) and len(browser.run(HEARD)) == sounds
            assert browser.screenshot().startswith(b"\x89PNG")
        finally:
            page.shutdown()
            thread.join()
