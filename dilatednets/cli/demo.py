"""The command `demo`: what `make demo` runs."""

import time
from argparse import Namespace
from pathlib import Path

PRESET, TEXT, SPEAKERS = "wavenet_digits", "four two seven", ("jackson", "theo")


def demo(options: Namespace) -> None:
    """Speaks in two voices, fine-tunes on the sample recordings, and says what it costs and where everything is."""
    from dilatednets.cli.dilation_plot import dilation_plot
    from dilatednets.cli.models import cost_lines
    from dilatednets.data.audio import write_wav
    from dilatednets.data.plots import save_png, waveform_and_spectrogram
    from dilatednets.files import check_writable
    from dilatednets.zoo.wavenet import WaveNet

    output = Path(options.output)
    check_writable(output / "demo.txt")
    data_dir = Path(options.data_dir) if options.data_dir else sample_folder()

    print(f"1. {PRESET} says {TEXT!r} in the voices of {' and '.join(SPEAKERS)} ...", flush=True)
    model = WaveNet.from_preset(PRESET)
    model.generate(text="zero", speaker=SPEAKERS[0], seed=0)  # compiles; timed apart from the speed below
    written = []
    for speaker in SPEAKERS:
        begin = time.perf_counter()
        audio = model.generate(text=TEXT, speaker=speaker, seed=1)[0]
        seconds = time.perf_counter() - begin
        length = len(audio) / model.sample_rate
        print(f"   {speaker}: {length:.2f} s of audio in {seconds:.2f} s, {length / seconds:.1f} times real time")
        stem = output / f"{TEXT.replace(' ', '_')}_{speaker}"
        write_wav(stem.with_suffix(".wav"), audio, model.sample_rate)
        save_png(waveform_and_spectrogram(audio, model.sample_rate, f"{speaker}: {TEXT}"), stem.with_suffix(".png"))
        written += [stem.with_suffix(".wav"), stem.with_suffix(".png")]

    print("2. What it costs:")
    for line in cost_lines(model, model.describe()):
        print(f"   {line}")
    picture = output / "dilations.png"
    save_png(dilation_plot(model.dilations, model.kernel_size, PRESET), picture)
    written.append(picture)

    print(f"3. Fine-tuning for about a minute on {data_dir} ...", flush=True)
    written += _fine_tune(data_dir, output / "fine_tuning")

    print("Written:")
    for path in written:
        print(f"   {path}")
    print(f'Next: dilatednets generate {PRESET} --text "3 1 4" --speaker nicolas --output say.wav --plot say.png')


def sample_folder() -> Path:
    """The sample recordings of a checkout."""
    from dilatednets.errors import InputError

    folder = Path(__file__).resolve().parents[2] / "datasets" / "spoken_digits" / "sample"
    if not folder.is_dir():
        raise InputError("--data-dir: the sample recordings are in a checkout only; name a spoken_digits folder")
    return folder


def _fine_tune(data_dir: Path, folder: Path) -> list[Path]:
    import shutil

    from dilatednets.training import fit
    from dilatednets.training.evaluate import evaluate
    from dilatednets.training.recipe import parse_recipe, read_recipe
    from dilatednets.zoo.wavenet import WaveNet

    recipe = parse_recipe(
        {
            "name": "demo",
            "init": PRESET,
            "training": {
                "epochs": 2,
                "learning_rate": 2e-4,
                "final_learning_rate": 2e-5,
                "warmup_steps": 5,
                "ema": 0.9,
                "batch_size": 4,
                "target": 1600,
                "sample_every": 2,
            },
        }
    )
    before = evaluate(WaveNet.from_preset(PRESET), str(data_dir), "validation")["bits_per_sample"]
    if (folder / "recipe.toml").is_file() and read_recipe(folder / "recipe.toml") == recipe:  # an earlier demo's
        shutil.rmtree(folder)
    begin = time.perf_counter()
    best = fit.train(recipe, str(data_dir), str(folder))
    seconds = time.perf_counter() - begin
    after = evaluate(WaveNet.from_preset(best), str(data_dir), "validation")["bits_per_sample"]
    print(
        f"   {before:.4f} bits a sample on validation before, {after:.4f} after {seconds:.0f} s (compilation included)"
    )
    return [best, *sorted((folder / "samples").iterdir())]
