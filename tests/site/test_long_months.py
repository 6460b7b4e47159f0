"""A month with very many changes: each of its days has a page, and the month lists them."""

import datetime as dt
from pathlib import Path

import pytest

from orarchive.publish.build import build_files
from orarchive.publish.views import changes_page
from tests.support.browser import build_archive_view, build_snapshot, write_archive

DAYS = 3


def build_model(day: int, number: int) -> dict[str, object]:
    """Build a model whose price differs from day to day."""
    return {"id": f"a/m{number}", "name": str(number), "pricing": {"prompt": f"0.00000{day + 1}"}}


def test_a_long_month_is_split_by_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes_page, "MAX_MONTH_LINES", 5)
    snapshots = [build_snapshot([build_model(day, n) for n in range(4)]) for day in range(DAYS)]
    archive = write_archive(tmp_path / "archive", *snapshots, apart=dt.timedelta(days=1))
    files = build_files(build_archive_view(archive), "https://example.org/")
    month = files["changes/2026-06/index.html"].decode()
    days = [path for path in files if path.startswith("changes/2026-06/") and path.count("/") == 3]
    assert days == ["changes/2026-06/03/index.html", "changes/2026-06/02/index.html"]
    for path in days:
        page = files[path].decode()
        assert f'href="../../../{path}"' in month or f'{path}"' in month
        assert page.count("a/m1") >= 1
        assert "a/m1" not in month
        assert 'changes/2026-06/index.html">Jun 2026</a>' in page
    assert "changes/2026-06/03/" in files["sitemap.xml"].decode()
