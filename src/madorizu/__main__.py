"""Run the command line by `python -m madorizu`."""

from madorizu.app.cli import main

if __name__ == "__main__":
    main()
