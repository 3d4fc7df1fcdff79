"""Recipes: what is accepted, what is refused with which words, and that nothing is lost on the way to a file and back."""

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.errors import InputError
from dilatednets.registry import parse_recipe, read_recipe
from dilatednets.training.recipe import read_toml, recipe_toml
from dilatednets.zoo.wavenet.recipe import Recipe


def refusal(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@given(
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x7f/"), min_size=1).filter(str.strip),
    st.lists(st.integers(1, 1024), min_size=1, max_size=40),
    st.floats(1e-6, 1.0),
    st.booleans(),
    st.dictionaries(st.sampled_from(["bits_per_sample", "tolerance", "hours"]), st.floats(0, 10)),
)
def test_a_recipe_survives_its_file(tmp_path_factory, name, dilations, rate, jit, goal):
    training = {"learning_rate": rate, "final_learning_rate": rate / 2, "jit_compile": jit}
    content = {"model": "WaveNet", "name": name, "goal": goal, "net": {"dilations": dilations}, "training": training}
    recipe = parse_recipe(content)
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(recipe_toml(recipe), encoding="utf-8")
    assert read_recipe(path) == recipe


def test_a_recipe_from_a_preset_survives_its_file(tmp_path):
    recipe = parse_recipe({"model": "WaveNet", "name": "mine", "init": "wavenet_digits", "training": {"epochs": 3}})
    (tmp_path / "recipe.toml").write_text(recipe_toml(recipe), encoding="utf-8")
    assert read_recipe(tmp_path / "recipe.toml") == recipe


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "key name: missing"),
        ({"name": "a", "trainings": {}}, "unknown key trainings; did you mean training?"),
        ({"name": "a", "training": {"epoch": 3}}, "unknown key training.epoch; did you mean training.epochs?"),
        ({"name": "a", "net": {"dilation": [1]}}, "unknown key net.dilation; did you mean net.dilations?"),
        ({"name": "a", "training": {"epochs": "three"}}, "key training.epochs: must be an integer, not 'three'"),
        ({"name": "a", "training": {"epochs": 2.5}}, "key training.epochs: must be an integer, not 2.5"),
        ({"name": "a", "training": {"epochs": True}}, "key training.epochs: must be an integer, not True"),
        ({"name": "a", "training": {"learning_rate": "1"}}, "key training.learning_rate: must be a number"),
        ({"name": "a", "training": {"jit_compile": 1}}, "key training.jit_compile: must be true or false"),
        ({"name": "a", "net": {"dilations": 3}}, "key net.dilations: must be a list of integers, not 3"),
        ({"name": "a", "net": {"dilations": [1, "2"]}}, "key net.dilations: must be an integer, not '2'"),
        ({"name": "a", "goal": {"bits_per_sample": "low"}}, "key goal.bits_per_sample: must be a number"),
        ({"name": "a", "training": 3}, "key training: must be a table, not 3"),
        ({"name": 3}, "key name: must be a string, not 3"),
        ({"name": "a", "model": "Net"}, "key model: 'Net' cannot be trained; models are WaveNet"),
        (
            {"name": "a", "init": "wavenet_digits", "net": {"kernel_size": 3}},
            "key net.kernel_size: has no effect, since a run",
        ),
        ({"name": "a", "training": {"epochs": 0}}, "key training.epochs: must be above 0, not 0"),
        (
            {"name": "a", "training": {"learning_rate": -1e-3}},
            "key training.learning_rate: must be above 0, not -0.001",
        ),
        ({"name": "a", "training": {"ema": 1.0}}, "key training.ema: must be between 0 and 1"),
        ({"name": "a", "training": {"clip_norm": float("nan")}}, "key training.clip_norm: must be above 0, not nan"),
        ({"name": "a", "training": {"learning_rate": 1e-5}}, "final_learning_rate: must not exceed"),
        ({"name": "a", "training": {"dtype": "float8"}}, "training.dtype: must be 'float32' or 'mixed_bfloat16'"),
        ({"name": "a", "training": {"seed": -1}}, "key training.seed: must be 0 or above"),
        ({"name": "a", "net": {"gate_channels": 63}}, "key net.gate_channels: must be even"),
        ({"name": "a", "net": {"kernel_size": 0}}, "key net.kernel_size: must be above 0"),
        ({"name": "a", "net": {"dilations": []}}, "key net.dilations: must be a list of positive integers"),
        ({"name": "a", "net": {"condition_upsampling": "linear"}}, "must be 'transposed' or 'repeat', not 'linear'"),
        ({"name": "a", "net": {"condition_hop": 0}}, "key net.condition_hop: must be above 0"),
        ({"name": "a", "data": {"reader": "ljspeech"}}, "key data.reader: must be 'spoken_digits'"),
        ({"name": "a", "data": {"sample_rate": 0}}, "key data.sample_rate: must be above 0"),
        ({"name": "a", "data": {"max_gap": -1}}, "key data.max_gap: must be 0 or above"),
    ],
)
def test_refuses_with_the_key_and_the_cure(content, says):
    message = refusal(parse_recipe, {"model": "WaveNet", **content}, "my.toml")
    assert message.startswith("my.toml: ") and says in message


def test_a_recipe_without_a_model_is_refused_unless_it_starts_from_one():
    assert "key model: missing; models are WaveNet" in refusal(parse_recipe, {"name": "a"})
    assert parse_recipe({"name": "a", "init": "wavenet_digits"}).model == "WaveNet"


def test_integers_serve_as_numbers():
    assert parse_recipe({"model": "WaveNet", "name": "a", "training": {"clip_norm": 2}}).training.clip_norm == 2.0


def test_settings_change_the_file_s_values(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('name = "a"\nmodel = "WaveNet"\n[training]\nepochs = 3\n')
    settings = [
        "training.epochs=5",
        "training.sample_text=one two",
        "net.dilations=[1, 2]",
        "training.jit_compile=false",
    ]
    recipe = read_recipe(path, settings)
    assert (recipe.training.epochs, recipe.training.sample_text) == (5, "one two")
    assert recipe.net.dilations == [1, 2] and recipe.training.jit_compile is False
    assert read_recipe(path).training == type(recipe.training)(epochs=3)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("training.epochs", "write key=value"),
        ("=3", "write key=value"),
        ("name.epochs=3", "name is a value, not a table"),
        ("training.epoch=3", "did you mean training.epochs?"),
    ],
)
def test_bad_settings_are_named(tmp_path, setting, says):
    path = tmp_path / "recipe.toml"
    path.write_text('name = "a"\nmodel = "WaveNet"\n')
    assert says in refusal(read_recipe, path, [setting])


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("training.sample_text=4", """must be a string, not 4; .*: --set 'training.sample_text="4"'"""),
        ("training.sample_text=[1]", """must be a string, not .1.; .*: --set 'training.sample_text=."1".'"""),
        ("training.sample_text=2024-01-01", """must be a string, not .*: --set 'training.sample_text="2024-01-01"'"""),
        ("name=3", """name: must be a string, not 3; .*: --set 'name="3"'"""),
    ],
)
def test_faults_a_text_that_looks_like_a_number(tmp_path, setting, says):
    """The cure is one that works."""
    path = tmp_path / "recipe.toml"
    path.write_text('name = "a"\nmodel = "WaveNet"\n')
    message = refusal(read_recipe, path, [setting])
    assert re.search(says, message)
    if "[" not in setting:
        read_recipe(path, [shlex.split(message)[-1]])


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "no such recipe"), (b"name = ", "not a TOML file"), (b"\xff\xfe", "not a TOML file"), (b"", "missing")],
)
def test_bad_file_is_named(tmp_path, content, says):
    path = tmp_path / "recipe.toml"
    if content is not None:
        path.write_bytes(content)
    message = refusal(read_recipe, path)
    assert message.startswith(str(path)) and says in message


def test_a_recipe_as_windows_writes_it_is_read_faults(tmp_path):
    (tmp_path / "a.toml").write_text('name = "a"\n', encoding="utf-8-sig")
    assert read_toml(tmp_path / "a.toml") == {"name": "a"}


def test_defaults_are_a_recipe():
    assert parse_recipe({"model": "WaveNet", "name": "a"}) == Recipe("a")


@pytest.mark.parametrize("name", ["", " ", "a/b", "../a"])
def test_a_name_is_that_of_a_run_faults(name):
    assert "key name: must be a name, not empty and without /" in refusal(
        parse_recipe, {"name": name, "model": "WaveNet"}
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"init": "wavnet_digits"}, "key init: wavnet_digits: neither a preset"),
        ({"init": "wavnet_digits", "model": "WaveNet"}, "did you mean wavenet_digits?"),
        ({"init": "wavenet_digits", "model": "TCNChunker"}, "key init: wavenet_digits is a WaveNet, but key model is"),
        ({"model": "Wavenet"}, "key model: 'Wavenet' cannot be trained; models are WaveNet, "),
        ({"model": "Wavenet"}, "; did you mean WaveNet?"),
        ({"model": "WaveNet", "training": {"learning_rate": float("inf")}}, "training.learning_rate: must be above 0"),
    ],
)
def test_what_a_recipe_starts_from_is_named_by_its_key_faults(content, says):
    assert says in refusal(parse_recipe, {"name": "a", **content})
