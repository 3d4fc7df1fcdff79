"""Archives of texts, spoken: each as the model says it alone, by the record's own voice and seed."""

import io

import numpy as np
import pytest

from dilatednets import registry
from dilatednets.archives import worker
from dilatednets.data.audio import read_audio
from dilatednets.errors import InputError
from dilatednets.zoo.wavenet import archive


def test_a_record_says_its_own_voice_and_seed(tiny_model, monkeypatch):
    monkeypatch.setattr(registry, "from_preset", lambda handle, kind: tiny_model)
    mapper = archive.Mapper("tiny", speaker="ann", seed=3)
    records = [{"text": "two"}, {"text": "two", "speaker": "bob", "seed": 0}, {"text": "xylophone"}]
    rows, failed = worker.answers(mapper, [(str(n), record) for n, record in enumerate(records)])
    for row, how in zip(rows, ({"speaker": "ann", "seed": 3}, {"speaker": "bob", "seed": 0}), strict=True):
        expected = tiny_model.generate(text="two", **how)[0]
        np.testing.assert_allclose(read_audio(io.BytesIO(row["sound"])), expected, atol=1 / 32768)
        assert row["samples"] == len(expected) and row["sample_rate"] == 8000
    assert failed[0][0] == "2" and "cannot say 'xylophone'" in failed[0][1]


def test_an_unknown_voice_is_refused_faults(tiny_model, monkeypatch):
    monkeypatch.setattr(registry, "from_preset", lambda handle, kind: tiny_model)
    with pytest.raises(InputError, match="speaker: no speaker 'eve'; choose one of ann, bob"):
        archive.Mapper("tiny", speaker="eve")
