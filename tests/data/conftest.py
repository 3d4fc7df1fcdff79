"""What the tests of readers share."""

import pytest

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
