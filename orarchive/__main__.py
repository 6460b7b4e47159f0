"""Run the command line as `python -m orarchive`.

The same commands as `orarchive`, for a checkout whose environment was set up without installing it:

    python -m orarchive --help
    python -m orarchive status --archive DIR

The commands are listed in `orarchive.cli.main`; `orarchive --help` describes
each of them.
"""

from orarchive.cli.main import main

if __name__ == "__main__":
    main(prog_name="python -m orarchive")
