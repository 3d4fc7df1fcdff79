"""The command `demo`: what `make demo` runs."""

import time
from argparse import Namespace
from pathlib import Path

PRESET, TEXT, SPEAKERS = "wavenet_digits", "four two seven", ("jackson", "theo")
CHUNKER = "tcn_chunker_conll2000"
PARAGRAPH = (
    "The harbour office said on Tuesday that Ms. Okafor, who had run the ferry service since 2011, would step down in May. "
    "Passengers don't expect fares to rise by more than 2.5 % this year, but they'd rather have newer boats."
)
SEGMENTER, REGRESSOR, IMAGES = "context_segmenter_nuclei", "context_regressor_nuclei", 3


def demo(options: Namespace) -> None:
    """Speaks in two voices, segments images, chunks a paragraph, fine-tunes on the sample recordings; says where all is."""
    from dilatednets.data.samples import sample
    from dilatednets.files import check_writable

    output = Path(options.output)
    check_writable(output / "demo.txt")
    data_dir = Path(options.data_dir) if options.data_dir else sample("spoken_digits")
    written = [*_speak(output), *_segment(output), *_chunk(output)]
    print(f"5. Fine-tuning the voice for about a minute on {data_dir} ...", flush=True)
    written += _fine_tune(data_dir, output / "fine_tuning")
    print("Written:")
    for path in written:
        print(f"   {path}")
    print(f'Next: dilatednets generate {PRESET} --text "3 1 4" --speaker nicolas --output say.wav --plot say.png')
    print(f'Or:   echo "It works ." | dilatednets chunk {CHUNKER}')
    print(f"Or:   dilatednets segment {SEGMENTER} IMAGE --output segmented --count")


def _speak(output: Path) -> list[Path]:
    from dilatednets.cli.dilation_plot import dilation_plot
    from dilatednets.cli.models import cost_lines
    from dilatednets.data.audio import write_wav
    from dilatednets.data.plots import save_png, waveform_and_spectrogram
    from dilatednets.zoo.wavenet import WaveNet

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
    return [*written, picture]


def _segment(output: Path) -> list[Path]:
    """Overlays of sample images, and how many nuclei each of the two ways to count finds."""
    import numpy as np

    from dilatednets.cli.segment import segment_file
    from dilatednets.data import nuclei
    from dilatednets.data.samples import sample
    from dilatednets.zoo.context_segmenter import ContextSegmenter

    print(f"3. {SEGMENTER} and {REGRESSOR} look at microscope images ...", flush=True)
    models = {name: ContextSegmenter.from_preset(name) for name in (SEGMENTER, REGRESSOR)}
    pairs = nuclei.load(sample("nuclei"), "validation")
    written = []
    for index in range(IMAGES):
        truth = len(np.unique(pairs[index][1])) - 1  # without the background
        print(f"   image {index + 1}: {truth} nuclei outlined by hand")
        for name, model in models.items():
            stem = output / "segmented" / f"image_{index + 1}_{name.split('_')[1]}"
            words = segment_file(model, pairs.images[index], stem, count=True)
            print(f"      {name.split('_')[1]}: {words}")
            written += [stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}_overlay.png")]
    return written


def _chunk(output: Path) -> list[Path]:
    """The phrases of a paragraph, in brackets, on the screen and in a file."""
    from dilatednets.cli.chunk import brackets
    from dilatednets.files import atomic_path
    from dilatednets.zoo.tcn_chunker import TCNChunker

    print(f"4. {CHUNKER} reads a paragraph ...", flush=True)
    lines = [brackets(sentence) for sentence in TCNChunker.from_preset(CHUNKER).chunk_stream([PARAGRAPH])]
    for line in lines:
        print(f"   {line}", end="")
    with atomic_path(output / "chunks.txt") as path:
        path.write_text("".join(lines), encoding="utf-8")
    return [output / "chunks.txt"]


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
