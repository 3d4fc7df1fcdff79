"""A recipe of a chunker: what is refused, what of it has an effect, and that its file holds all of it."""

import pytest

from dilatednets.errors import InputError
from dilatednets.registry import parse_recipe, read_recipe
from dilatednets.training.recipe import recipe_toml
from dilatednets.zoo.tcn_chunker.model import TCNChunker


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"training": {"epoch": 1}}, "unknown key training.epoch; did you mean training.epochs?"),
        ({"net": {"wdith": 8}}, "unknown key net.wdith; did you mean net.width?"),
        ({"dta": {}}, "unknown key dta; did you mean data?"),
        ({"data": {"reader": "nuclei"}}, "key data.reader: must be 'conll2000' or 'snips' or 'columns', not 'nuclei'"),
        ({"data": {"more_pos": "ptb"}}, "key data.more_pos: must be '' or 'ewt'"),
        (
            {"data": {"more_pos": "ewt", "more_pos_dir": "x"}, "net": {"pos": "input"}},
            "key data.more_pos: parts of speech are not learnt with net.pos = 'input'; leave it out",
        ),
        (
            {"init": "tcn_slots_snips", "net": {"width": 99}},
            "key net.width: has no effect, since a run from init = 'tcn_slots_snips'",
        ),
        ({"data": {"more_pos_dir": "x"}}, "key data.more_pos_dir: has no effect, since data.more_pos is empty"),
        ({"training": {"final_learning_rate": 1.0}}, "key training.final_learning_rate: must not exceed"),
        ({"net": {"pos": "given"}}, "key net.pos: must be 'joint' or 'input' or 'none', not 'given'"),
        ({"net": {"scheme": "iob1"}}, "key net.scheme: must be"),
        ({"net": {"dilations": []}}, "key net.dilations: must be a list of positive integers"),
        ({"net": {"dilations": [1, 0]}}, "key net.dilations: must be a list of positive integers"),
        ({"net": {"dropout": 1.0}}, "key net.dropout: must be at least 0 and below 1"),
        ({"net": {"width": 0}}, "key net.width: must be above 0, not 0"),
        ({"net": {"width": 8.0}}, "key net.width: must be an integer, not 8.0"),
        ({"training": {"ema": 1.0}}, "key training.ema: must be between 0 and 1"),
        ({"training": {"seed": -1}}, "key training.seed: must be 0 or above"),
        ({"training": {"dtype": "float16"}}, "key training.dtype: must be"),
    ],
)
def test_bad_recipes(content, says):
    with pytest.raises(InputError) as caught:
        parse_recipe({"name": "a", "model": "TCNChunker", **content})
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_a_recipe_survives_its_file(tmp_path):
    content = {"name": "a", "model": "TCNChunker", "goal": {"f1": 0.9}}
    recipe = parse_recipe({**content, "net": {"width": 16, "pos": "none"}, "training": {"epochs": 16}})
    (tmp_path / "recipe.toml").write_text(recipe_toml(recipe))
    assert read_recipe(tmp_path / "recipe.toml") == recipe
    changed = read_recipe(tmp_path / "recipe.toml", ["net.dilations=[1, 3]", "training.epochs=7"])
    assert changed.net.dilations == [1, 3] and changed.epochs == 7
    assert "dilatednets chunk" in recipe.try_next(tmp_path)
    plain = parse_recipe({"name": "a", "model": "TCNChunker"})
    arguments = plain.net.__dataclass_fields__
    config = TCNChunker(["NP"], pos_tags=["NN"]).get_config()
    assert {name: getattr(plain.net, name) for name in arguments} == {name: config[name] for name in arguments}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            {"reader": "columns", "scheme": "bmes"},
            "key data.scheme: must be '' or 'iob1' or 'iob2' or 'iobes' or 'bilou'",
        ),
        ({"reader": "columns", "columns": "word,tag"}, "key data.columns: must be a list of strings"),
        ({"columns": ["word", "tag"]}, "key data.columns: has no effect, since conll2000 has columns of its own"),
        ({"reader": "snips", "scheme": "iob1"}, "key data.scheme: has no effect"),
    ],
)
def test_columns_and_schemes_faults(data, says):
    with pytest.raises(InputError, match=says):
        parse_recipe({"name": "a", "model": "TCNChunker", "data": data})
