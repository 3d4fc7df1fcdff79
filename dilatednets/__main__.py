"""`python -m dilatednets` is the `dilatednets` command."""

import sys

from dilatednets.cli.main import main

sys.exit(main())
