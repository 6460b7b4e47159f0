"""Run the command line as `python -m orarchive`.

The same commands as `orarchive`, for a checkout whose environment was set up without installing it:

    python -m orarchive --help
    python -m orarchive status --archive DIR

See `orarchive.cli.main` for the commands there are.
"""

from orarchive.cli.main import main

if __name__ == "__main__":
    main(prog_name="python -m orarchive")
