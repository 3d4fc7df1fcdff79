"""What `dilatednets demo` shows of WaveNet: two voices, what they cost, and fine-tuning."""

import shutil
import time
from pathlib import Path

PRESET, TEXT, SPEAKERS = "wavenet_digits", "four two seven", ("jackson", "theo")
NEXT = f'dilatednets generate {PRESET} --text "3 1 4" --speaker nicolas --output say.wav --plot say.png'
TRAINING = {
    "epochs": 2,
    "learning_rate": 2e-4,
    "final_learning_rate": 2e-5,
    "warmup_steps": 5,
    "ema": 0.9,
    "batch_size": 4,
    "target": 1600,
    "sample_every": 2,
}


def demo(output: Path) -> list[Path]:
    """Speaks in two voices, says what that costs, and fine-tunes on the sample recordings; returns what it wrote."""
    return [*_speak(output), *_fine_tune(output / "fine_tuning")]


def _speak(output: Path) -> list[Path]:
    from dilatednets.data.audio import write_audio
    from dilatednets.plots.audio import waveform_and_spectrogram
    from dilatednets.plots.figure import save
    from dilatednets.zoo.wavenet import WaveNet, describe

    print(f"   {PRESET} says {TEXT!r} in the voices of {' and '.join(SPEAKERS)} ...", flush=True)
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
        write_audio(stem.with_suffix(".wav"), audio, model.sample_rate)
        save(waveform_and_spectrogram(audio, model.sample_rate, f"{speaker}: {TEXT}"), stem.with_suffix(".png"))
        written += [stem.with_suffix(".wav"), stem.with_suffix(".png")]
    print("   What it costs:")
    for line in describe.lines(model, model.describe()):
        print(f"      {line}")
    save(describe.draw(model, PRESET), output / "dilations.png")
    return [*written, output / "dilations.png"]


def _fine_tune(folder: Path) -> list[Path]:
    from dilatednets import registry
    from dilatednets.data.samples import sample

    print("   Fine-tuning the voice for about a minute on sample recordings ...", flush=True)
    data_dir = sample("spoken_digits")
    recipe = registry.parse_recipe({"name": "demo", "init": PRESET, "training": TRAINING})
    before = registry.from_preset(PRESET).evaluate_on(data_dir)["bits_per_sample"]
    earlier = folder / "recipe.toml"
    if earlier.is_file() and registry.read_recipe(earlier) == recipe:
        shutil.rmtree(folder)
    begin = time.perf_counter()
    best = registry.train(recipe, data_dir, folder)
    seconds = time.perf_counter() - begin
    after = registry.from_preset(best).evaluate_on(data_dir)["bits_per_sample"]
    print(
        f"   {before:.4f} bits a sample on validation before, {after:.4f} after {seconds:.0f} s (compilation included)"
    )
    return [best, *sorted((folder / "samples").iterdir())]
