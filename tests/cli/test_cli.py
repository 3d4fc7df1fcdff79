"""The command, as its users meet it: what it prints, what it writes, and one line for what is wrong."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from helpers import CHECKOUT, tiny_segmenter
from PIL import Image

from dilatednets import registry
from dilatednets.cli.main import main, parser
from dilatednets.data.audio import read_audio, write_audio
from dilatednets.errors import InputError
from dilatednets.presets import presets

RECORD = {
    "description": "Says digits.",
    "metrics": [
        {"name": "bits_per_sample", "data": "d", "split": "test", "value": 3.5, "tolerance": 0, "headline": True},
        {"name": "other", "data": "d", "split": "test", "value": 1.0, "tolerance": 0},
    ],
}


@pytest.fixture
def preset(save_tiny, tmp_path, monkeypatch):
    """The tiny model as the only preset, called tiny."""
    folder = save_tiny(tmp_path / "zoo" / "tiny", RECORD)
    monkeypatch.setattr(presets, "roots", lambda: [folder.parent])
    return folder


def refusal(capsys, *arguments):
    """The line on standard error with which a command is refused."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as exit:
        status = exit.code
    printed = capsys.readouterr()
    assert status == 2, printed
    assert printed.err.count("\n") == 1 and printed.err.startswith("dilatednets") and "Traceback" not in printed.out
    return printed.err


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def picture(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


def test_generate_writes_sound_and_picture(preset, tmp_path, capsys):
    wav, png = tmp_path / "new" / "a.wav", tmp_path / "new" / "a.png"
    arguments = ["generate", "tiny", "--text", "4 2", "--speaker", "ann", "--seed", "3", "--output", str(wav)]
    assert main([*arguments, "--plot", str(png)]) == 0
    printed = capsys.readouterr().out
    assert str(wav) in printed and str(png) in printed
    audio = read_audio(wav)
    assert len(audio) / 8000 == pytest.approx(0.05 + 0.05 + 0.06 + 0.05 + 0.05, abs=0.011)
    assert picture(png).shape == (520, 900)
    assert main([*arguments[:-1], str(tmp_path / "b.wav")]) == 0
    np.testing.assert_array_equal(read_audio(tmp_path / "b.wav"), audio)


def test_generate_makes_as_many_seconds_as_asked_for(preset, tmp_path):
    output = str(tmp_path / "a.wav")
    assert (
        main(["generate", "tiny", "--text", "1 2 3", "--speaker", "bob", "--seconds", "0.1", "--output", output]) == 0
    )
    assert len(read_audio(output)) == 800


def test_models_shows_headline_metrics(preset, capsys):
    assert main(["models"]) == 0
    table = capsys.readouterr().out
    assert "| tiny | WaveNet |" in table and "bits_per_sample" in table and "other" not in table


def test_describe_counts_and_draws(preset, tiny_model, tmp_path, capsys):
    png = tmp_path / "dilations.png"
    assert main(["describe", "tiny", "--plot", str(png)]) == 0
    printed = capsys.readouterr().out
    assert "Says digits." in printed and "receptive field 9 samples" in printed
    assert f"{tiny_model.count_params():,} parameters" in printed
    assert len(np.unique(picture(png))) > 4
    assert main(["describe", "tiny", "--json"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(last) == {"model": "tiny", **tiny_model.describe()}


def test_train_evaluate_generate(sample_dir, tmp_path, capsys):
    recipe, run = tmp_path / "recipe.toml", tmp_path / "run"
    recipe.write_text(
        'name = "tiny"\nmodel = "WaveNet"\n[net]\ndilations = [1, 2]\nresidual_channels = 4\n'
        "gate_channels = 8\nskip_channels = 4\n"
        "[training]\nbatch_size = 16\ntarget = 1600\nsample_every = 0\n"
    )
    train = ["train", str(recipe), "--data-dir", str(sample_dir), "--output", str(run), "--set", "training.epochs=1"]
    assert main(train) == 0
    assert f"dilatednets generate {run / 'best'}" in capsys.readouterr().out
    assert main(["evaluate", str(run / "best"), "--data-dir", str(sample_dir), "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert 0 < result["bits_per_sample"] < 8.5 and result["split"] == "validation" and result["recordings"] == 40
    assert "--resume" in refusal(capsys, *train)
    say = ["generate", str(run / "best"), "--text", "one", "--speaker", "theo", "--output", str(tmp_path / "a.wav")]
    assert main(say) == 0


def test_evaluation_of_a_folder_with_test_recordings_only(preset, tmp_path, capsys, rng):
    for index, digit in ((0, 3), (4, 7)):
        audio = rng.uniform(-0.3, 0.3, 2000)
        write_audio(tmp_path / "data" / "recordings" / f"{digit}_ann_{index}.wav", audio, 8000)
    evaluate = ["evaluate", "tiny", "--data-dir", str(tmp_path / "data"), "--json", "--split"]
    assert main([*evaluate, "test"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["recordings"] == 2
    assert "no recordings of split train" in refusal(capsys, *evaluate, "train")
    assert "no split 'tset'; choose one of test" in refusal(capsys, *evaluate, "tset")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "COMMAND"),
        (["say"], "invalid choice: 'say'"),
        (["generate", "tiny"], "--output"),
        (["generate", "tiny", "--seed", "x", "--output", "a.wav"], "--seed: invalid int value"),
        (["generate", "tinny", "--output", "a.wav"], "presets are tiny; did you mean tiny?"),
        (["generate", "tiny", "--text", "ten", "--speaker", "ann", "--output", "a.wav"], "words are zero, one"),
        (["generate", "tiny", "--text", "1", "--speaker", "eve", "--output", "a.wav"], "one of ann, bob"),
        (["generate", "tiny", "--text", "1", "--output", "a.wav"], "one of ann, bob"),
        (["generate", "tiny", "--speaker", "ann", "--output", "a.wav"], "needs text"),
        (["generate", "tiny", "--text", "1", "--speaker", "ann", "--temperature", "0", "--output", "a.wav"], "above 0"),
        (["generate", "tiny", "--text", "1", "--speaker", "ann", "--seed", "-1", "--output", "a.wav"], "seed"),
        (["generate", "tiny", "--text", "1", "--speaker", "ann", "--seconds", "0", "--output", "a.wav"], "--seconds"),
        (["generate", "tiny", "--text", "1", "--speaker", "ann", "--seconds", "nan", "--output", "a.wav"], "--seconds"),
        (["generate", "tiny", "--text", "1", "--speaker", "ann", "--seconds", "inf", "--output", "a.wav"], "--seconds"),
        (["generate", "tiny", "--text", "1", "--speaker", "ann", "--seconds", "99", "--output", "a.wav"], "than the text"),
        (["describe", "tiny", "--plot", "zoo"], "choose a name that ends in .png"),
        (["generate", "tinny", "--output", "new/folder/a.wav"], "presets are tiny"),
        (["train", "none.toml", "--data-dir", ".", "--output", "run"], "none.toml: no such recipe"),
        (["train", "recipe.toml", "--data-dir", "none", "--output", "run"], "none: no such folder"),
        (["train", "recipe.toml", "--data-dir", "empty", "--output", "run"], "has no folder recordings"),
        (["train", "recipe.toml", "--data-dir", ".", "--output", "run", "--set", "net.dilation=[1]"], "net.dilations?"),
        (["evaluate", "tiny", "--data-dir", "none"], "none: no such folder"),
        (["evaluate", "empty", "--data-dir", "none"], "config.json: missing"),
        (["benchmark", "generation", "tiny", "--batch", "0"], "--batch"),
        (["benchmark", "generation", "--layers", "0"], "--layers"),
        (["benchmark", "generation", "--kernel-size", "0"], "--kernel-size: must be at least 1"),
        (["benchmark", "generation", "--gate-channels", "63"], "--gate-channels"),
        (["benchmark", "recognition", "tiny", "--data-dir", "none", "--seeds", "0"], "--seeds"),
        (["compare", "speech", "--data-dir", "none", "--recipe", "nothing"], "neither a preset nor a folder"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_line_and_writes_nothing(preset, tmp_path, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "recipe.toml").write_text('name = "a"\nmodel = "WaveNet"\n')
    before = files(tmp_path)
    assert says in refusal(capsys, *arguments)
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("1_ann_5.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "truncated or damaged WAV"),
        ("1_ann_5.wav", b"", "the file is empty"),
        ("1_ann_5.wav", b"words, words", "not an audio file"),
        ("one_ann.wav", b"", "the name does not fit"),
    ],
)
def test_bad_recording_is_named(preset, tmp_path, capsys, name, content, says):
    folder = tmp_path / "data" / "recordings"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    message = refusal(capsys, "evaluate", "tiny", "--data-dir", folder.parent)
    assert f"{folder / name}: " in message and says in message


def test_output_that_cannot_be_written_is_named_before_the_work(preset, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    say = ["generate", "tiny", "--text", "1", "--speaker", "ann", "--output"]
    assert "cannot write there" in refusal(capsys, *say, tmp_path / "file" / "a.wav")
    assert "it is a folder" in refusal(capsys, *say, tmp_path)
    assert "cannot write there" in refusal(capsys, *say, tmp_path / "a.wav", "--plot", tmp_path / "file" / "a.png")
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize("model", ["TCN", "AudioEffect"])
@pytest.mark.parametrize("part", ["fine_tuning", "programs"])
def test_parts_that_a_family_leaves_out_are_named_faults(model, part):
    with pytest.raises(InputError, match=f"{model}: there is no {part.replace('_', '-')} of such a model; try another"):
        registry.FAMILIES[model].part(part)


def test_benchmarks_of_other_models_are_pointed_at_faults(preset, capsys):
    for kind in ("inference", "training"):
        assert "try benchmark generation or benchmark recognition" in refusal(capsys, "benchmark", kind, "tiny")


def test_a_damaged_preset_does_not_hide_the_others_faults(preset, tiny_model, capsys):
    tiny_model.save_to_preset(preset.parent / "aged")
    (preset.parent / "aged" / "card.json").write_text("{")
    assert main(["models"]) == 2
    printed = capsys.readouterr()
    assert "| tiny | WaveNet |" in printed.out and "aged" in printed.err and printed.err.count("\n") == 1


def test_notes_are_lines_of_the_command_faults(preset, capsys, monkeypatch):
    load = registry.from_preset
    monkeypatch.setattr(registry, "from_preset", lambda handle: load(handle, speakers=["eve"]))
    assert main(["describe", "tiny"]) == 0
    assert capsys.readouterr().err.startswith(
        "note: tiny: 1 of 30 weights start fresh, since speakers changed: speaker_"
    )


def test_every_command_explains_itself(capsys):
    names = next(action.choices for action in parser()._actions if action.choices and "train" in action.choices)
    for name in names:
        with pytest.raises(SystemExit) as exit:
            main([name, "--help"])
        assert exit.value.code == 0 and f"dilatednets {name}" in capsys.readouterr().out


@pytest.mark.slow
def test_demo_speaks_segments_chunks_and_fine_tunes(tmp_path, capsys):
    output = tmp_path / "demo"
    assert main(["demo", "--output", str(output)]) == 0
    printed = capsys.readouterr().out
    for speaker in ("jackson", "theo"):
        assert len(read_audio(output / f"four_two_seven_{speaker}.wav")) > 4000
        assert picture(output / f"four_two_seven_{speaker}.png").std() > 0
    assert "times real time" in printed and "multiply-accumulates" in printed and "bits a sample" in printed
    named = [line.strip() for line in printed.split("Written:")[1].splitlines() if line.startswith("   ")]
    assert len(named) >= 18 and all(os.path.exists(path) for path in named)
    assert printed.count("nuclei outlined by hand") == 3 and printed.count(" counted") == 6
    assert picture(output / "segmented" / "image_1_segmenter_overlay.png").std() > 0


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_new_process_prints_one_line_and_no_traceback(sample_dir, tmp_path):
    """Warnings of the libraries and their greetings included."""
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    damaged = tmp_path / "damaged"
    shutil.copytree(sample_dir, damaged)
    next((damaged / "recordings").glob("*_5.wav")).write_bytes(b"RIFF")
    for data_dir in (damaged, tmp_path / "none"):
        command = [sys.executable, "-m", "dilatednets.cli.main", "evaluate", "wavenet_digits", "--data-dir", data_dir]
        done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True)
        assert done.returncode == 2 and done.stdout == ""
        said = [line for line in done.stderr.splitlines() if "cuda" not in line.lower()]
        assert len(said) == 1 and str(data_dir) in said[0]


def test_evaluation_on_images_that_were_learnt_says_so(tmp_path, capsys):
    recipe = 'name = "net"\nmodel = "ContextSegmenter"\n[data]\nfold = "none"\n'
    tiny_segmenter().save_to_preset(tmp_path / "net", recipe=recipe)
    for split, said in (("validation", True), ("train", False)):
        main(["evaluate", str(tmp_path / "net"), "--data-dir", str(tmp_path), "--split", split])
        assert ("the model has learnt these, too" in capsys.readouterr().err) == said
