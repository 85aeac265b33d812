"""`python -m guard.cli`, for where the script is not on the path."""

from guard.cli import main

if __name__ == "__main__":  # workers import this module again
    main()
