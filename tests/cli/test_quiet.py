"""The command's standard error, in a process of its own: on success `note:` lines at most, else one line."""

import os
import signal
import subprocess
import sys
import time

import pytest
from helpers import CHECKOUT, HAS_TENSORFLOW

from dilatednets.cli import quiet


def command(*arguments, **environment):
    """A command in a process, in which nothing hushes the libraries, and its status, output and standard error."""
    kept = {name: value for name, value in os.environ.items() if name != quiet.LEVEL}
    return subprocess.Popen(
        [sys.executable, "-m", "dilatednets", *map(str, arguments)],
        cwd=CHECKOUT, env=kept | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def said(*arguments, **environment):
    process = command(*arguments, **environment)
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


@pytest.mark.parametrize("arguments", [["models"], ["--version"], ["--help"], ["train", "--help"]])
def test_what_needs_no_model_is_quiet_faults(arguments):
    status, out, err = said(*arguments)
    assert (status, err) == (0, "") and out.startswith(("|", "dilatednets ", "usage: dilatednets"))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["describe", "wavnet_digits"], "did you mean wavenet_digits?"),
        (["train", "none.toml", "--data-dir", ".", "--output", "/dev/null/x"], "none.toml: no such recipe"),
        (["sing"], "invalid choice: 'sing'"),
    ],
)
def test_what_is_wrong_gets_one_line_faults(arguments, line):
    status, out, err = said(*arguments)
    assert (status, out) == (2, "") and err.count("\n") == 1 and err.startswith("dilatednets") and line in err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nonsense", "numpy", "torch"])
def test_a_backend_that_models_do_not_compute_on_is_refused_faults(name):
    status, out, err = said("describe", "wavenet_digits", KERAS_BACKEND=name)
    assert (status, out) == (2, "") and err.count("\n") == 1 and err.startswith("dilatednets: KERAS_BACKEND: "), err
    assert said("models", KERAS_BACKEND=name)[0] == 0  # which needs none


@pytest.fixture
def text(tmp_path):
    (tmp_path / "a.txt").write_text("The deficit will narrow.\n")
    return tmp_path / "a.txt"


WORKING = {
    "describe": ["describe", "tcn_chunker_conll2000", "--plot", "OUT/a.png"],
    "generate": ["generate", "wavenet_digits", "--text", "two", "--speaker", "theo", "--seed", "1", "--output", "OUT/a.wav"],
    "segment": ["segment", "context_segmenter_nuclei", "IMAGE", "--output", "OUT"],
    "chunk": ["chunk", "tcn_chunker_conll2000", "TEXT"],
    "export": ["export", "tcn_chunker_conll2000", "OUT"],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("verb", WORKING)
def test_what_works_is_quiet_faults(verb, tmp_path, text, nuclei_dir):
    if verb == "export" and not HAS_TENSORFLOW:
        pytest.skip("needs TensorFlow")
    places = {"OUT": str(tmp_path), "TEXT": str(text), "IMAGE": str(sorted((nuclei_dir / "images").iterdir())[0])}
    arguments = [places.get(one, one.replace("OUT/", f"{tmp_path}/")) for one in WORKING[verb]]
    status, out, err = said(*arguments)
    assert status == 0 and out and [line for line in err.splitlines() if not line.startswith("note: ")] == []


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.parametrize("after", [2, 8, 14])
def test_an_interrupt_gets_one_line_whatever_it_interrupts_faults(after, tmp_path):
    process = command("export", "wavenet_digits", tmp_path)
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err) in ((130, "dilatednets: stopped\n"), (0, "")), err
    assert not [path for path in tmp_path.rglob(".*") if process.returncode]


def test_an_interrupt_after_the_work_changes_nothing_faults():
    code = "import atexit, os, signal, sys; from dilatednets.__main__ import run; sys.argv[1:] = ['models']\n"
    code += "atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT)); sys.exit(run())"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("|")


def test_the_user_s_own_standard_error_is_left_alone_faults():
    code = "import sys, os; before = os.fstat(2).st_ino; import dilatednets, dilatednets.cli.main\n"
    code += (
        "assert os.fstat(2).st_ino == before and 'TF_CPP_MIN_LOG_LEVEL' not in os.environ; print(sys.meta_path == kept)"
    )
    code = f"import sys; kept = [*sys.meta_path]; {code}"
    environment = {name: value for name, value in os.environ.items() if name != quiet.LEVEL}
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_what_loading_says_is_shown_if_it_fails_faults(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        "import os\nos.write(2, b'noise\\n')\nif 'FAIL' in os.environ: raise OSError('no')\n"
    )
    code = "from dilatednets.cli.quiet import own_words\nwith own_words():\n    import tensorflow; print('loaded')"
    for fails in ({}, {"FAIL": "1"}):
        environment = os.environ | fails | {"PYTHONPATH": f"{tmp_path}:{CHECKOUT}"}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert done.stdout == ("" if fails else "loaded\n")
        assert done.stderr.startswith("noise\nTraceback") if fails else done.stderr == ""
