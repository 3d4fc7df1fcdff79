"""`python -m dilatednets` is the `dilatednets` command."""

import signal
import sys


def run() -> int:
    """Runs the command; returns its exit status, also if Ctrl-C is pressed while it loads."""
    try:
        from dilatednets.cli.main import main

        status = main()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the work is done, and Python, while it ends, would die of it
        return status
    except KeyboardInterrupt:
        print("dilatednets: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(run())
