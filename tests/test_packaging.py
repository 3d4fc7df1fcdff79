"""What ships: every room and every trained model, found in a wheel, in an editable install and in a bare checkout."""

import configparser
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from helpers import CHECKOUT

SHIPPED = ("dilatednets", "zoo", "datasets", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
PRESETS = sorted(path.parent.name for path in CHECKOUT.glob("zoo/*/config.json"))


def test_every_room_is_listed():
    setup = configparser.ConfigParser()
    setup.read(CHECKOUT / "setup.cfg")
    rooms = {".".join(path.parent.relative_to(CHECKOUT).parts) for path in CHECKOUT.glob("dilatednets/**/*.py")}
    assert set(setup["options"]["packages"].split()) == rooms | {
        "dilatednets.zoo.pretrained",
        "dilatednets.data.datasets",
    }
    for room in rooms:
        assert (CHECKOUT.joinpath(*room.split(".")) / "__init__.py").is_file(), room


@pytest.mark.parametrize("folder", ["zoo", "datasets"])
def test_data_folders_hold_no_code(folder):
    assert not list((CHECKOUT / folder).rglob("*.py"))


@pytest.mark.parametrize(
    "module", ["dilatednets", "dilatednets.cli.main", "dilatednets.data.audio", "dilatednets.presets.handles"]
)
def test_importing_is_cheap(module):
    heavy = "{'keras', 'tensorflow', 'jax', 'scipy', 'PIL', 'torch'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    assert run(sys.executable, "-c", code, cwd=CHECKOUT) == "[]"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """What ships, without what an earlier build left in the checkout."""
    folder = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        if (CHECKOUT / name).is_dir():
            shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(CHECKOUT / name, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_wheel_holds_all_code_all_trained_models_and_all_samples(source, wheel):
    expected = {f"dilatednets/{file}" for file in files(source / "dilatednets")}
    expected |= {f"dilatednets/zoo/pretrained/{file}" for file in files(source / "zoo")}
    expected |= {f"dilatednets/data/datasets/{file}" for file in files(source / "datasets")}
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == expected
    assert any(name.endswith("/wavenet_digits/model.weights.h5") for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["wheel", "editable", "checkout"])
def test_trained_models_are_found_and_speak(way, source, wheel, tmp_path):
    python = empty_environment(tmp_path / "environment")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if way == "wheel":
        pip(python, "install", "--no-deps", wheel)
        home = python.parents[1]
    else:
        home = source
    if way == "editable":
        pip(python, "install", "--no-deps", "--no-build-isolation", "--editable", source)

    cwd = source if way == "checkout" else elsewhere
    code = """import dilatednets
from dilatednets.data.samples import sample
from dilatednets.presets import presets
print(dilatednets.__file__, sample("snips"), *presets.available())"""
    file, folder, *names = run(python, "-c", code, cwd=cwd).split()
    assert Path(file).is_relative_to(home) and Path(folder).is_relative_to(home)
    assert sorted(names) == PRESETS

    code = """from dilatednets.zoo import wavenet
model = wavenet.WaveNet.from_preset("wavenet_digits")
print(model.generate(num_samples=100, text="4 2 7", speaker="jackson").shape)"""
    assert run(python, "-c", code, cwd=cwd) == "(1, 100)"
    if way != "checkout":
        assert "receptive field" in run(python.parent / "dilatednets", "describe", "wavenet_digits", cwd=cwd)


@pytest.mark.slow
def test_examples_of_the_front_page_run_from_a_wheel(wheel, tmp_path):
    """All in one session, in an empty folder, as a reader would type them; but recipes train for an epoch alone."""
    python = empty_environment(tmp_path / "environment")
    pip(python, "install", "--no-deps", wheel)
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    code = ""
    for example in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        lines_before = text.count("\n", 0, example.start(1))  # a traceback then names README's line
        code += "\n" * (lines_before - code.count("\n")) + re.sub('"epochs": [0-9]+', '"epochs": 1', example[1])
    (tmp_path / "README.py").write_text(code)
    printed = run(python, "README.py", cwd=tmp_path)
    assert "NP 0 11 The deficit" in printed and "1024" in printed
    for preset in ("my_voice", "my_segmenter", "my_slots"):
        run(python.parent / "dilatednets", "describe", preset, cwd=tmp_path)


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def empty_environment(folder):
    """An environment that sees the packages of this one, but not what is installed here in editable mode."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder))
    # A .pth file in a folder that is itself on the path by a .pth file is not read: no editable install leaks in, and
    # setuptools' own, by which TensorFlow 2.16 finds distutils on Python 3.12, has to be copied.
    libraries = Path(sysconfig.get_path("purelib"))
    shim = libraries / "distutils-precedence.pth"
    (site / "libraries.pth").write_text(f"{libraries}\n{shim.read_text() if shim.is_file() else ''}\n")
    return python


def pip(python, *arguments):
    run(sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", *arguments, cwd="/")


def run(*command, cwd):
    """Standard output of a command that must succeed, in an environment that does not point back at this checkout."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()
