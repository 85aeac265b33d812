"""`python -m guard.cli`, for where the script is not on the path."""

from guard.cli import main

main()
