"""Packages that only a part of the commands needs: which extra of the installation brings each."""

EXTRAS = {
    "collect": ("filelock", "jsonlines", "requests", "tenacity", "tqdm", "urllib3"),
    "site": (
        *("PIL", "feedgenerator", "icalendar", "jinja2", "markdown_it", "msgspec", "nh3", "numpy", "pandas"),
    ),
    "parquet": ("filelock", "msgspec", "pyarrow"),
}
"""Name of an extra -> the top-level modules that it installs."""


def describe_missing_package(error: ModuleNotFoundError) -> str:
    """Name a package that is missing and the extra to install; return "" where no extra brings it."""
    package = (error.name or "").partition(".")[0]
    for extra, packages in EXTRAS.items():
        if package in packages:
            return f"this command needs {package}: pip install 'openrouter-archive[{extra}]'"
    return ""
