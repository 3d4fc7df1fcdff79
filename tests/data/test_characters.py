"""Characters as the training data write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilatednets.data.characters import plain


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("cafe\u0301", "caf\xe9"), ("e\u0302\u0323", "\u1ec7"), ("\uff11\uff10", "10"), ("\uff08", "("),
        ("\ufb01ne", "fine"), ("m\xb2", "m2"), ("\u2163", "IV"), ("\u212b", "\xc5"), ("\U0001d41a", "a"), ("\xbd", "\xbd"),
        ("\u2026", "\u2026"),
        ("\xb4", "\xb4"), ("\u6f22", "\u6f22"), ("It", "It"),
    ],
)  # fmt: skip
def test_plain_faults(word, expected):
    assert plain(word) == expected


@given(st.text())
def test_plain_is_plain_and_makes_no_blanks_faults(text):
    assert plain(plain(text)) == plain(text)
    assert plain(text).split() == [plain(word) for word in text.split()]
