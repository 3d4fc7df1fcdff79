"""What `dilatednets demo` shows of audio effects: a guitar through a pedal."""

import time
from pathlib import Path

PRESET = "pedal_ds1"
NEXT = f"dilatednets process {PRESET} DRY.wav --output wet.wav --plot wet.png"


def demo(output: Path) -> list[Path]:
    """Plays the sample guitar through a distortion pedal; returns what it wrote."""
    from dilatednets.data.audio import read_audio, write_audio
    from dilatednets.data.samples import sample
    from dilatednets.plots.effect import dry_and_wet
    from dilatednets.plots.figure import save
    from dilatednets.zoo.audio_effect import AudioEffect

    print(f"   A guitar through {PRESET} ...", flush=True)
    model = AudioEffect.from_preset(PRESET)
    dry = read_audio(sample("guitar") / "dry.wav", model.sample_rate)
    model.process(dry[:1])  # compiles the kernel, the first time of all
    begin = time.perf_counter()
    wet = model.process(dry)
    seconds = time.perf_counter() - begin
    length = len(dry) / model.sample_rate
    print(f"   {length:.2f} s of audio in {seconds:.2f} s, {length / seconds:.0f} times real time")
    files = [output / f"guitar_{name}.wav" for name in ("dry", "wet")]
    for file, audio in zip(files, (dry, wet), strict=True):
        write_audio(file, audio, model.sample_rate)
    save(dry_and_wet(dry, wet, model.sample_rate, PRESET), output / "guitar.png")
    return [*files, output / "guitar.png"]
