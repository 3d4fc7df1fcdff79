"""The page's server: for this machine alone, one at a time, nothing kept, and one line for what is wrong."""

import re
import threading
import time
import warnings

import numpy as np
import pytest
from PIL import Image
from visits import form, visit

from dilatednets.errors import InputError, Note
from dilatednets.pages import Choice, Download, File, Number, Page, Picture, Sound, Table, Text, Words
from dilatednets.play import server as server_module
from dilatednets.play.models import named


def echo(text, number, who, file):
    if text == "bad":
        raise InputError(f"{file}: is bad; give another")
    if text == "worse":
        raise InputError("number, first: must be better")
    if text == "broken":
        1 / 0  # noqa: B018
    if text == "note":
        warnings.warn(f"{file}: is quiet", Note, stacklevel=1)
    yield Words("Words", f"{text} <b>{number}</b> {who}")
    yield Sound("Sound", np.array([0.0, 0.5], np.float32), 8000)
    yield Picture("Picture", Image.new("RGB", (3, 2), (255, 0, 0)))
    yield Table("Table", [{"name": f"row {number}", "value": number / 3} for number in range(300)])
    yield Download("it.bin", file.read_bytes())


PAGE = Page(
    'Say "it" & see.',
    [
        Text("text", "Say", "<hi>"),
        Number("number", "How many", 3),
        Choice("who", "Who", ("ann", "bob")),
        File("file", "A file", (".bin",)),
    ],
    echo,
)
GOOD = {"text": "hello", "number": "4", "who": "bob", "file": ("a.bin", bytes(range(256)))}


@pytest.fixture(scope="module")
def visitor():
    with visit(PAGE) as one:
        yield one


def test_the_list_leads_to_each_page(visitor):
    status, page = visitor.get("/")
    assert status == 200 and '<a href="/models/it">it</a>' in page
    status, page = visitor.get("/models/it")
    assert status == 200 and "Say &quot;it&quot; &amp; see." in page and 'value="&lt;hi&gt;"' in page
    assert "at most 32 MB" in page and "<option selected>ann</option><option>bob</option>" in page
    for path, kind in (("/page.css", "text/css"), ("/page.js", "text/javascript")):
        status, headers, text = visitor.ask("GET", path)
        assert (status, headers.get_content_type()) == (200, kind) and text
    assert visitor.ask("HEAD", "/models/it")[2] == ""


def test_an_answer_stands_in_the_page_beside_what_was_filled_in(visitor):
    status, answer = visitor.fill_in(**GOOD)
    assert status == 200 and "hello &lt;b&gt;4&lt;/b&gt; bob" in answer.part
    assert 'value="hello"' in answer.page and "<option selected>bob</option>" in answer.page
    [(audio, rate)] = answer.sounds
    assert audio.tolist() == [0.0, 0.5] and rate == 8000
    assert answer.pictures[0].shape == (2, 3, 3) and answer.pictures[0][0, 0].tolist() == [255, 0, 0]
    assert answer.files == [bytes(range(256))] and 'download="it.bin"' in answer.part
    assert "row 199" in answer.text and "row 200" not in answer.text and "The first 200 of 300." in answer.text
    assert "0.3333" in answer.text


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"text": "bad"}, "a.bin: is bad; give another"),
        ({"text": "worse"}, "How many, first: must be better"),
        ({"number": "many"}, "How many: must be a whole number, not 'many'"),
        ({"who": "eve"}, "Who: there is no 'eve'; choose one of ann, bob"),
        ({"file": ("", b"")}, "A file: no file was chosen; choose one that ends in .bin"),
    ],
)
def test_what_is_wrong_is_one_line_in_the_words_of_the_page_faults(visitor, change, line):
    status, answer = visitor.fill_in(**{**GOOD, **change})
    assert status == 400 and answer.wrong == line


def test_a_note_is_shown(visitor):
    _, answer = visitor.fill_in(**{**GOOD, "text": "note"})
    assert "a.bin: is quiet" in answer.text and "/a.bin" not in answer.text


def test_an_error_of_our_own_is_said_and_the_server_goes_on_faults(visitor, capfd):
    status, answer = visitor.fill_in(**{**GOOD, "text": "broken"})
    assert status == 500 and "nobody expected" in answer.text and "ZeroDivisionError" in capfd.readouterr().err
    assert visitor.fill_in(**GOOD)[0] == 200


def test_files_that_are_too_large_are_refused_in_the_page_faults(visitor, monkeypatch):
    monkeypatch.setattr(server_module, "MOST_BYTES", 1 << 20)
    status, answer = visitor.fill_in(**{**GOOD, "file": ("a.bin", bytes(2 << 20))})
    assert status == 413 and "has 2 MB, and this page takes at most 32 MB" in answer.wrong


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
        "127.0.0.1@evil",
        "[::2]",
    ],
)
def test_other_names_of_this_machine_are_refused_faults(visitor, host):
    for path in ("/", "/models/it", "/page.js"):
        status, _, page = visitor.ask("GET", path, Host=host)
        assert status == 403 and "alone" in page and "hello" not in page


def test_our_names_are_taken(visitor):
    for host in ("127.0.0.1", "localhost", "LOCALHOST:1", f"127.0.0.1:{visitor.server.server_port}"):
        assert visitor.ask("GET", "/", Host=host)[0] == 200


def test_forms_of_other_pages_are_refused_faults(visitor):
    kind, host = "multipart/form-data; boundary=----dilatednets", f"127.0.0.1:{visitor.server.server_port}"
    for origin, wanted in (
        ("http://evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1:1", 403),
        (f"http://{host}", 200),
    ):
        status, *_ = visitor.ask("POST", "/models/it", form(GOOD), Content_Type=kind, Origin=origin, Host=host)
        assert status == wanted, origin


@pytest.mark.parametrize(
    "path",
    [
        *("/models/other", "/models/", "/models/../page.css", "/../../etc/passwd", "/models/it/more", "/server.py"),
        *("//x", "xttp://[", "*", "/%00", "/models/%ff"),
    ],
)
def test_there_is_nothing_else_faults(visitor, path):
    assert visitor.get(path)[0] == 404
    assert visitor.ask("POST", path, b"")[0] == 404


def test_what_is_no_form_is_refused_faults(visitor):
    for kind in ("text/plain", "multipart/form-data", "multipart/form-data; boundary=x"):
        status, _, page = visitor.ask("POST", "/models/it", b"text=hello", Content_Type=kind)
        assert status == 400 and "the form: " in page


def test_a_form_without_its_length_is_refused_faults(visitor):
    assert visitor.ask("POST", "/models/it", iter([b"text=hello"]), Transfer_Encoding="chunked")[0] == 411
    assert visitor.ask("POST", "/models/it", b"", Content_Length="-1")[0] == 411


def test_names_of_models_may_be_any(tmp_path):
    with visit(**{"my amp #1?100%&<é>.nam": PAGE}) as visitor:
        [address] = re.findall('href="(/models/[^"]*)"', visitor.get("/")[1])
        status, page = visitor.get(address)
        assert status == 200 and "<h1>my amp #1?100%&amp;&lt;é&gt;.nam</h1>" in page
        assert visitor.server.start == visitor.server.address + address[1:]


def test_models_are_called_as_they_lie():
    names = {"run/best/": "best", ".": "model", "../..": "model", "/": "model", "hf://me/mine@1": "mine@1"}
    names |= {"https://host/a.zip#sha256=0": "a.zip", "wavenet_digits": "wavenet_digits"}
    assert {handle: list(named(handle)) for handle in names} == {handle: [name] for handle, name in names.items()}
    assert "pedal_ds1" in named(None) and len(named(None)) > 9


def test_only_this_machines_own_address_is_listened_on(visitor):
    assert visitor.server.server_address[0] == "127.0.0.1"


def test_browsers_are_told_to_load_and_keep_nothing(visitor):
    _, headers, page = visitor.ask("GET", "/models/it")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "http" not in policy
    assert headers["Cache-Control"] == "no-store" and "http" not in page


def test_one_computes_at_a_time():
    running, most = 0, 0

    def slow():
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.02)
        running -= 1
        return [Words("", "done")]

    with visit(Page("", [], slow)) as visitor:
        done = []
        threads = [threading.Thread(target=lambda: done.append(visitor.ask(
            "POST", "/models/it", form({"a": ""}), Content_Type="multipart/form-data; boundary=----dilatednets")[0]))
            for _ in range(5)]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert done == 5 * [200] and most == 1


def test_a_browser_that_goes_away_is_not_spoken_of(visitor, capfd):
    import socket

    for request in (b"", b"POST /models/it HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nab", b"GET"):
        with socket.create_connection(visitor.server.server_address) as line:
            line.sendall(request)
    assert visitor.get("/")[0] == 200 and capfd.readouterr().err == ""
