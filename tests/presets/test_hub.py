"""Presets from the Hugging Face Hub, as a server on this machine plays it."""

import hashlib
import json
import sys

import pytest
from fetching import PRESET, fetching, refusal
from helpers import contents
from web_server import answer

pytest.importorskip("pooch")
pytestmark = pytest.mark.usefixtures("cache")
CARDED = PRESET | {"card.json": b'{"sha256": "%s"}' % hashlib.sha256(PRESET["model.weights.h5"]).hexdigest().encode()}
TAGGED, LATER = "1" * 40, "2" * 40


@pytest.fixture
def hub(server, tmp_path):
    """Fetches from a Hub that has owner/tiny; in a process of its own, since huggingface_hub reads its settings once."""
    pytest.importorskip("huggingface_hub")
    page = lambda content: answer(json.dumps(content).encode(), Content_Type="application/json")  # noqa: E731
    refs = {"branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": LATER}], "converts": []}
    refs["tags"] = [{"name": "v1/a", "ref": "refs/tags/v1/a", "targetCommit": TAGGED}]
    held = {"tiny": PRESET | {"training.py": b"never fetched"}, "empty": {"README.md": b""}, "large": PRESET}
    held["carded"] = CARDED
    for name, files in held.items():
        api = f"/api/models/owner/{name}"
        server.pages[f"{api}/refs"] = page(refs)
        git = {path: hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest() for path, data in files.items()}
        size = 10**9 if name == "large" else 1
        siblings = [{"rfilename": path, "size": size * len(data)} for path, data in files.items()]
        info = {"_id": "1", "id": f"owner/{name}", "sha": TAGGED, "siblings": siblings, "private": False, "tags": []}
        entries = [{"type": "file", "path": path, "size": len(files[path]), "oid": git[path]} for path in files]
        server.pages[f"{api}/tree/{TAGGED}"] = page(entries)
        for revision in ("v1/a", TAGGED):
            server.pages[f"{api}/revision/{revision}"] = page(info | {"downloads": 0, "likes": 0})
            for path, data in files.items():
                etag = {"ETag": f'"{git[path]}"', "X-Repo-Commit": TAGGED}
                server.pages[f"/owner/{name}/resolve/{revision}/{path}"] = answer(data, **etag)
    settings = {"HF_ENDPOINT": server.address, "HF_HOME": str(tmp_path / "home")}
    return lambda *handles, **more: fetching(*handles, **settings, **more).communicate()[0].splitlines()


def test_a_preset_comes_from_the_hub_and_stays_in_its_cache(hub, server, cache, tmp_path):
    snapshot = tmp_path / "home" / "hub" / "models--owner--tiny" / "snapshots" / TAGGED
    tag, commit = "hf://owner/tiny@v1/a", f"HF://owner/tiny@{TAGGED}"
    assert hub(tag, HF_HUB_OFFLINE="1")[0].startswith(f"{tag}: cannot be fetched (")
    assert hub(tag, commit) == 2 * [str(snapshot)] and contents(snapshot) == PRESET and not cache.exists()
    for name in ("model.weights.h5", "README.md"):
        (snapshot / name).resolve().write_bytes(b"damaged")
        assert hub(commit) == [str(snapshot)] and contents(snapshot) == PRESET
    server.requests.clear()
    assert hub(tag, commit, HF_HUB_OFFLINE="1") + hub(commit) == 3 * [str(snapshot)] and server.requests == []
    server.stop()
    assert hub(tag) == [str(snapshot)]
    (snapshot / "README.md").resolve().write_bytes(b"damaged")
    assert "cannot be fetched (" in hub(commit)[0]


def test_a_cache_of_copies_heals_faults(hub, tmp_path):
    """Where no links can be made, the Hub's cache holds plain files, whose names tell nothing of what is in them."""
    snapshot = tmp_path / "home" / "hub" / "models--owner--carded" / "snapshots" / TAGGED
    handle = f"hf://owner/carded@{TAGGED}"
    assert hub(handle) == [str(snapshot)]
    for name, left in (("model.weights.h5", 5), ("config.json", 0)):
        for path in snapshot.iterdir():
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content[:left] if path.name == name else content)
        assert hub(handle) == [str(snapshot)] and contents(snapshot) == CARDED


def test_what_the_hub_does_not_have_is_refused(hub, server):
    refused = {
        "hf://owner/tiny@main": f"no tag, and a branch moves; write a tag, or hf://owner/tiny@{LATER}",
        "hf://owner/tiny@v2": "no tag, and a branch moves; write a tag, or hf://owner/tiny@<40 digits>",
        f"hf://owner/tiny@{LATER}": "cannot be fetched (",
        "hf://owner/none@v1": "cannot be fetched (",
        "hf://owner/empty@v1/a": "no config.json at its top",
        "hf://owner/large@v1/a": "bytes, a preset at most 2,147,483,648",
    }
    for message, (handle, says) in zip(hub(*refused), refused.items(), strict=True):
        assert message.startswith(f"{handle}: ") and says in message
    assert not any("weights" in request for request in server.requests)


def test_without_the_extra_the_cure_is_named(monkeypatch, cache):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert "needs huggingface_hub; pip install 'dilatednets[hub]'" in refusal("hf://owner/tiny@v1", cache)
