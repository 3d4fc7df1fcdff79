"""What the tests of readers share."""

import pytest

from dilatednets.data.audio import read_audio
from dilatednets.errors import InputError


@pytest.fixture
def refusal():
    """The one line with which a call is refused."""

    def refusal(call, *arguments, **named):
        with pytest.raises(InputError) as caught:
            call(*arguments, **named)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refusal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.wav"


@pytest.fixture
def reason(path, refusal):
    """Why a file with such content, or none, is refused."""

    def reason(content):
        if content is not None:
            path.write_bytes(content)
        name, reason = refusal(read_audio, path).split(": ", 1)
        assert name == str(path)
        return reason

    return reason
