"""Define the group of all commands; a command's module is imported on first use, for a fast start."""

from importlib import import_module

import click

from orarchive import __version__
from orarchive.cli.extras import describe_missing_package

COMMANDS = {
    "scrape": "scrape",
    "build-site": "build_site",
    "status": "history",
    "at": "history",
    "raw": "history",
    "diff": "history",
    "verify": "verify",
    "log": "log",
    "price": "price",
    "resolve": "resolve",
    "models": "models",
    "pick": "pick",
    "cost": "cost",
    "check": "check",
    "index": "index",
    "export": "export",
    "thin-health": "thin_health",
    "import": "import_",
    "report": "report",
    "contract": "contract",
}
"""Command name -> module in `orarchive.cli` that defines it, in the order of `--help`."""


class LazyGroup(click.Group):
    """A group that imports the module of a command on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the command names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        try:
            module = import_module(f"orarchive.cli.{COMMANDS[cmd_name]}")
        except ModuleNotFoundError as error:
            if message := describe_missing_package(error):
                raise click.UsageError(message) from error
            raise
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="orarchive", message="%(prog)s %(version)s")
def main() -> None:
    """Archive what OpenRouter says about its models, and ask the archive questions."""
