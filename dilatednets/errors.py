"""The one exception that says: the input is wrong, and here is the cure; and the one warning."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input from the user: a file, an argument or a recipe key.

    Its message is one line that names what is wrong and what to do about it. The command line prints that line and
    exits with status 2; library callers can catch it as a `ValueError`.
    """

    _keras_call_info_injected = True  # or Keras makes ten lines of the one when a layer's `call` raises it


class Note(UserWarning):
    """Something worth knowing that is no error. The command line prints it as one line that begins with `note:`."""


def one_line(reason: object) -> str:
    """What an error says, or what it is, without ends of lines and cut short: part of the one line that a user sees."""
    words = " ".join((str(reason) or type(reason).__name__).split())
    return words if len(words) <= 160 else f"{words[:157]}..."


def unreadable(path: object, error: Exception, wanted: str) -> InputError:
    """What to say of a file that the system does not read.

    Args:
        path: The file.
        error: What the system said.
        wanted: What to give instead, such as "a recording".

    Example:
    >>> print(unreadable("songs", IsADirectoryError(21, "Is a directory"), "a recording"))
    songs: cannot be read (Is a directory); give a recording in it
    """
    inside = " in it" if isinstance(error, IsADirectoryError) else ""
    reason = one_line(getattr(error, "strerror", None) or error)
    return InputError(f"{path}: cannot be read ({reason}); give {wanted}{inside}")


def a(name: object) -> str:
    """A name with its article.

    Example:
    >>> a("WaveNet"), a("AudioEffect")
    ('a WaveNet', 'an AudioEffect')
    """
    return f"{'an' if str(name).startswith(tuple('AEIO')) else 'a'} {name}"


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: which of those known it is most probably; empty if none is like it.

    Example:
    >>> did_you_mean("dilation", ["kernel_size", "dilations"])
    '; did you mean dilations?'
    """
    by_lower = {one.lower(): one for one in known}
    near = difflib.get_close_matches(str(name).lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""
