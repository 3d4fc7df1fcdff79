"""Pictures of effects."""

import numpy as np
import pytest

from dilatednets.errors import InputError
from dilatednets.plots import effect
from dilatednets.plots.figure import save

TONE = np.sin(np.arange(4000) / 9) / 2


def test_dry_above_wet(tmp_path):
    picture = effect.dry_and_wet(TONE, np.tanh(3 * TONE), 8000, "a pedal")
    assert [ax.get_title(loc="left") for ax in picture.axes[:4]] == ["dry", "", "a pedal", ""]
    save(picture, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


def test_what_was_learnt():
    """The curve of a gain is a line of that slope; the sweep reaches all frequencies."""
    picture = effect.learnt(TONE, 2 * TONE, 1.5 * TONE, lambda dry: 1.5 * dry, 8000)
    dry, wet = picture.axes[1].lines[0].get_data()
    np.testing.assert_allclose(wet, 1.5 * dry)
    wet, made = (line.get_ydata() for line in picture.axes[0].lines)
    np.testing.assert_allclose(made, 0.75 * wet)
    assert len(effect.sweep(8000)) == 16000


def test_faults_of_sound():
    with pytest.raises(InputError):
        effect.dry_and_wet(TONE * np.nan, TONE, 8000, "")
