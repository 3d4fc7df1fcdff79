"""An archive of texts through a WaveNet: each spoken."""

from typing import Annotated, Any

from dilatednets import registry
from dilatednets.data.sound_formats import encode
from dilatednets.errors import InputError
from dilatednets.rules import not_negative, positive


class Mapper:
    """Speaks texts. A record's own "speaker" and "seed", where it has them, come before these.

    Args:
        handle: The preset.
        speaker: Whose voice; "" for a model of one.
        seed: The same seed makes the same sound of a text.
        temperature: Below 1 less varied.
    """

    FIELD, SUFFIXES, ALSO = "text", (), ("speaker", "seed")
    FILE = ("sound", ".wav")
    AT_ONCE = 1

    def __init__(
        self,
        handle: str,
        speaker: str = "",
        seed: Annotated[int, not_negative] = 0,
        temperature: Annotated[float, positive] = 1.0,
    ) -> None:
        self.model = registry.from_preset(handle, "WaveNet")
        self.speaker, self.seed, self.temperature = speaker or None, seed, temperature
        if speaker and speaker not in self.model.speakers:
            raise InputError(f"speaker: no speaker {speaker!r}; choose one of {', '.join(self.model.speakers)}")

    def read(self, record: dict[str, Any]) -> dict[str, Any]:
        """What to ask of the model."""
        speaker, seed = record.get("speaker") or self.speaker, record.get("seed")
        return {"text": record["text"], "speaker": speaker, "seed": self.seed if seed is None else seed}

    def size(self, item: dict[str, Any]) -> int:
        """Letters."""
        return len(item["text"])

    def answer(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Sound as WAV. One voice at a time: what is drawn for a voice would else depend on those beside it."""
        rate = self.model.sample_rate
        made = [self.model.generate(**item, temperature=self.temperature)[0] for item in items]
        return [{"sample_rate": rate, "samples": len(one), "sound": encode(one, rate, ".wav")} for one in made]

    def example(self) -> dict[str, Any]:
        """An answer, for the types of its columns."""
        return {"sample_rate": 1, "samples": 1, "sound": b""}

    def as_file(self, sound: bytes) -> bytes:
        """The WAV file."""
        return sound
