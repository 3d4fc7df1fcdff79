"""The one exception that says: the input is wrong, and here is the cure."""


class InputError(ValueError):
    """Bad input from the user: a file, an argument or a recipe key.

    Its message is one line that names what is wrong and what to do about it. The command line prints that line and
    exits with status 2; library callers can catch it as a `ValueError`.
    """


def one_line(reason: object) -> str:
    """What an error says, or what it is, without ends of lines and cut short: part of the one line that a user sees."""
    return " ".join((str(reason) or type(reason).__name__).split())[:160]
