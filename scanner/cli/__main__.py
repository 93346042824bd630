"""`python -m scanner.cli` is `driftline`."""

from scanner.cli import main

main()
