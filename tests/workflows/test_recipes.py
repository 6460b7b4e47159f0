"""Follow each recipe of CONTRIBUTING on a copy of the project, in the files that it names alone."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.archives import ROOT

Edit = tuple[str, str, str]
"""Path, a text that stands in the file ("" for a new file), and the text to put before it."""

FEED: list[Edit] = [
    (
        "orarchive/domain/feeds.py",
        "FEEDS: dict[",
        'VOICES = ListFeed(\n    name="voices", route="voices", key=("id",), cadence="hourly", '
        'folder="voices"\n)\n\n',
    ),
    ("orarchive/domain/feeds.py", "IMAGES, IMAGE_ENDPOINTS, VIDEOS)", "VOICES, "),
    (
        "data/README.md",
        "| `images/endpoints.jsonl`",
        "| `voices/facts.jsonl` | a voice (`id`) | all fields |\n",
    ),
    ("data/README.md", "`zdr` (hourly)", "`voices`, "),
    (
        "orarchive/sample/routes.py",
        '    "images/models": lambda',
        '    "voices": lambda _world, _params, _has_key: {"data": [{"id": "alto", "name": "Alto"}]},\n',
    ),
    (
        "orarchive/collect/expected_fields.py",
        '    "images": {"id"',
        '    "voices": {"id": "text", "name": "text"},\n',
    ),
]

DIRECT: list[Edit] = [
    (
        "orarchive/domain/feeds.py",
        '        ("moonshot", "https://api.moonshot.ai/v1"),',
        '        ("mistral", "https://api.mistral.ai/v1"),\n',
    ),
    (
        "orarchive/sample/direct.py",
        '    "moonshot": [\n',
        '    "mistral": [_build_row("mistral-large-2512", "mistralai")],\n',
    ),
    (
        "orarchive/catalog/data/direct/mistral.toml",
        "",
        """provider = "mistral"
name = "Mistral"

[[list]]
region = "global"
currency = "USD"
feed = "direct_mistral"
price_page = "https://mistral.ai/pricing"
source_url = "https://mistral.ai/pricing"
checked_on = 2026-06-01
models = [{ id = "mistral-large-2512", prices = { prompt = "0.5", completion = "1.5" } }]
""",
    ),
    ("data/README.md", "`dashscope.jsonl`, ", "`mistral.jsonl`, "),
    ("data/README.md", "`direct_dashscope` and", "`direct_mistral`, "),
    ("README.md", "| `MOONSHOT_API_KEY` |", "| `MISTRAL_API_KEY` | | the same of Mistral |\n"),
    (
        "README.md",
        "| `MOONSHOT_BASE_URL` |",
        "| `MISTRAL_BASE_URL` | `https://api.mistral.ai/v1` | the service to ask with its key |\n",
    ),
    *(
        (
            f".github/workflows/{name}.yml",
            "          MOONSHOT_API_KEY: ",
            "          MISTRAL_API_KEY: ${{ secrets.MISTRAL_API_KEY }}\n",
        )
        for name in ("scrape", "contract")
    ),
    ("OPERATIONS.md", "`DASHSCOPE_API_KEY` and", "`MISTRAL_API_KEY`, "),
]

PAGE: list[Edit] = [
    (
        "orarchive/publish/views/newest_page.py",
        "",
        '''"""The page of the newest models."""

from dataclasses import dataclass

from orarchive.publish.views import View


@dataclass(frozen=True)
class NewestPage:
    """The ids of the listed models, the newest first."""

    ids: list[str]


def build_newest_page(view: View) -> NewestPage:
    """Build the page of the newest models."""
    models = sorted(view.listed_models, key=lambda model: model.entry.first, reverse=True)
    return NewestPage([model.model.id for model in models])
''',
    ),
    (
        "templates/newest.html",
        "",
        """{% extends "base.html" %}
{% block title %}Newest · OpenRouter archive{% endblock %}
{% block about %}The newest models.{% endblock %}
{% block main %}
<h1>Newest</h1>
<ul>{% for id in page.ids %}<li>{{ macros.model(id) }}</li>{% endfor %}</ul>
{% endblock %}
""",
    ),
    (
        "orarchive/publish/pages.py",
        "from orarchive.publish.views.picks_page",
        "from orarchive.publish.views.newest_page import build_newest_page\n",
    ),
    (
        "orarchive/publish/pages.py",
        "        yield from self._list_labs()",
        "        newest = build_newest_page(self.view)\n"
        '        yield self._build("newest/index.html", "newest.html", newest)\n',
    ),
    ("orarchive/publish/views/site.py", '    ("labs", "Labs"),', '    ("newest", "Newest"),\n'),
]

KIND: list[Edit] = [
    (
        "orarchive/domain/event_kinds.py",
        '        EventKind("degraded"',
        '        EventKind("rehosted", "weights moved", "~", "other",\n'
        '                  "its repository of weights", ("models",),\n'
        '                  (SubjectCount(17, "repositories changed", ("models",)),)),\n',
    ),
    (
        "orarchive/domain/event_kinds.py",
        "POLICY_CHANGED = get_event_kind",
        'REHOSTED = get_event_kind("rehosted").name\n',
    ),
    ("orarchive/domain/changes.py", "    RENAMED,\n", "    REHOSTED,\n"),
    ("orarchive/domain/changes.py", '    "quantization": REQUANTIZED,', '    "hugging_face_id": REHOSTED,\n'),
    ("orarchive/index/build.py", "\nSCHEMA_SQL = (", "RULES_VERSION += 1\n"),
    ("docs/index.md", "| `degraded` |", "| `rehosted` | models | its repository of weights |\n"),
]

EXPORT: list[Edit] = [
    (
        "orarchive/publish/exports.py",
        '        "data/events.csv": ',
        '        "data/labs.csv": _write_table(LAB_COLUMNS, ([lab.name] for lab in view.lab_views)),\n',
    ),
    ("orarchive/publish/exports.py", "PRICE_COLUMNS = (", 'LAB_COLUMNS = ("lab",)\n'),
    (
        "orarchive/publish/views/data_page.py",
        '    "data/events.csv": (',
        '    "data/labs.csv": "a row a lab: lab",\n',
    ),
]

FACT: list[Edit] = [
    ("orarchive/domain/records.py", "    inputs: tuple[str, ...]\n", "    edition: str | None\n"),
    (
        "orarchive/domain/records.py",
        "            tokenizer=as_text(",
        '            edition=as_text(record.get("edition")),\n',
    ),
    ("orarchive/publish/views/model_page.py", "    tokenizer: str | None\n", "    edition: str | None\n"),
    (
        "orarchive/publish/views/model_page.py",
        "        tokenizer=model.tokenizer,\n",
        "        edition=model.edition,\n",
    ),
    (
        "templates/model.html",
        "{% if page.facts.tokenizer %}",
        "{% if page.facts.edition %}\n"
        '{% call macros.fact("Edition") %}{{ page.facts.edition }}{% endcall %}\n{% endif %}\n',
    ),
    (
        "orarchive/collect/expected_fields.py",
        '        "knowledge_cutoff": "text null",',
        '        "edition": "text absent",\n',
    ),
]

MEMBER: list[Edit] = [
    (
        "orarchive/publish/api/types.py",
        "    providers: Annotated[\n",
        '    variant: Annotated[str | None, describe("What stands after `:` in the id; null for nothing")]\n',
    ),
    (
        "orarchive/publish/api/files.py",
        '        "providers": sorted(',
        '        "variant": model.variant or None,\n',
    ),
    (
        "orarchive/publish/api/kinds.py",
        '    (\n        "1.1.0",',
        '    ("1.2.0", "Models have their `variant`."),\n',
    ),
    (
        "tests/site/api_members.txt",
        "models.json data[].providers:",
        "models.json data[].variant: text or null\n",
    ),
    (
        "tests/site/api_members.txt",
        "models/{author}/{slug}.json data.providers:",
        "models/{author}/{slug}.json data.variant: text or null\n",
    ),
]

COMMAND: list[Edit] = [
    (
        "orarchive/cli/newest.py",
        "",
        '''"""The command that prints the newest hour."""

import click

from orarchive.cli.options import with_archive
from orarchive.history.history import read_history
from orarchive.store.archive import Archive


@click.command("newest")
@with_archive
def newest_command(archive: Archive) -> None:
    """Print the newest hour, as the ledger has it.

    It is that of the last attempt, good or not.
    """
    click.echo(read_history(archive).attempts[-1]["hour"])
''',
    ),
    ("orarchive/cli/main.py", '    "import": "import_",', '    "newest": "newest",\n'),
]

RECIPES = {
    "A new feed": FEED,
    "Another maker's direct prices": DIRECT,
    "A new page": PAGE,
    "A new kind of event": KIND,
    "A new fact on a model's page": FACT,
    "A new export": EXPORT,
    "A new member of the API": MEMBER,
    "A new command": COMMAND,
}

CHECKS = (
    "unit/test_event_kinds.py",
    "unit/test_templates.py",
    "unit/test_language.py",
    "site/test_api.py::test_no_member_goes_or_changes",
    "workflows/test_project.py",
    "workflows/test_workflows.py::test_nothing_is_wrong",
    "catalog/test_data_files.py",
    "catalog/test_direct.py::test_files_are_complete",
)
"""Tests that hold what the recipes promise: tables and words of documents, templates, rooms."""

ARCHIVE_AND_BUILD = """
import sys
from pathlib import Path
from orarchive.cli.build_site import build_site_command
from orarchive.collect.client import RetryPolicy
from orarchive.collect.run import Run
from orarchive.collect.settings import RunOptions, Settings
from orarchive.sample import START, sample_service
from orarchive.store.archive import open_archive
from orarchive.timestamps import HOUR

folder = Path(sys.argv[1])
with sample_service(START) as service:
    real = service.respond
    def respond(path, query, headers):
        status, body = real(path, query, headers)
        if path == "models":
            moved = {"hugging_face_id": "else/where"} if service.now > START else {}
            body = {**body, "data": [{**row, "edition": "second", **moved} for row in body["data"]]}
        return status, body
    service.respond = respond
    settings = Settings(service.base_url, per_second=0, retry_policy=RetryPolicy(first_wait=0, max_wait=0))
    for hour in (START, START + HOUR):
        service.now = hour
        run = Run(open_archive(folder), settings, RunOptions(hour, is_hour_given=True), lambda: hour)
        assert run.execute() == 0
build_site_command(["--archive", str(folder), "--out", str(folder / "site")])
"""
"""Archive two hours with the new field, the second with other repositories of weights; build a site."""


def read_recipe(title: str) -> set[str]:
    """Return the files that the numbered steps of a recipe begin with."""
    section = (ROOT / "CONTRIBUTING.md").read_text().partition(f"\n### {title}\n")[2].partition("\n#")[0]
    return set(re.findall(r"^\d\. `([^`]+)`", section, re.MULTILINE))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project and follow all recipes on the copy."""
    root = tmp_path_factory.mktemp("recipes") / "checkout"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().rstrip("\0").split("\0"):
        if (ROOT / name).exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name, follow_symlinks=False)
    for path, anchor, text in (edit for edits in RECIPES.values() for edit in edits):
        content = (root / path).read_text() if anchor else ""
        assert content.count(anchor) == 1 or not anchor, (path, anchor)
        (root / path).write_text(content.replace(anchor, text + anchor) if anchor else text)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_names_the_files_that_it_takes(title: str) -> None:
    assert read_recipe(title) == {path for path, _, _ in RECIPES[title]}


def test_the_checks_of_the_project_pass(checkout: Path) -> None:
    tests = [f"tests/{path}" for path in CHECKS]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    lint = [sys.executable, "-m", "ruff", "check", "--quiet", "."]
    for program in (command, lint):
        done = subprocess.run(
            program, cwd=checkout, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_they_work(checkout: Path, tmp_path: Path) -> None:
    """The feed is archived, page and fact are shown, the event is everywhere, table and command are there."""
    folder = tmp_path / "archive"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", folder], check=True)
    script = [sys.executable, "-c", ARCHIVE_AND_BUILD, str(folder)]
    done = subprocess.run(script, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "data/voices/facts.jsonl").read_text() == '{"id":"alto","name":"Alto"}\n'
    log = subprocess.run(
        ["git", "-C", folder, "log", "-1", "--format=%B"], capture_output=True, text=True, check=True
    )
    assert "repositories changed" in log.stdout.partition("\n")[0]
    assert "hugging_face_id" in log.stdout
    site = folder / "site"
    assert '<th scope="row">voices' in (site / "status/index.html").read_text()
    assert "<h1>Newest</h1>" in (site / "newest/index.html").read_text()
    assert 'href="../newest/index.html"' in (site / "models/index.html").read_text()
    assert "Edition" in (site / "models/openai/gpt-5.5/index.html").read_text()
    command = [sys.executable, "-m", "orarchive", "newest", "--archive", str(folder)]
    newest = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout
    assert newest == "2026-06-01T01:00:00Z\n"
    assert "weights moved" in (site / "changes/index.html").read_text()
    assert "weights moved" in (site / "feeds/changes.atom").read_text()
    assert (site / "feeds/kinds/weights-moved.atom").exists()
    assert '"kind":"rehosted"' in next((site / "api/v1/changes").glob("*.json")).read_text()
    assert '"variant":"free"' in (site / "api/v1/models.json").read_text()
    assert (site / "data/labs.csv").read_text("utf-8-sig").startswith("lab\n")
    assert "data/labs.csv" in (site / "data/index.html").read_text()
