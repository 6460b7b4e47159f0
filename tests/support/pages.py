"""Pages as tests read them: their text, links and tags, and checks that hold for every page."""

import re
import subprocess
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from tests.support import requirements


class Html(HTMLParser):
    """A page: its ids, links, tags and text; and its shapes, by which pages of one template differ."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.shapes: set[tuple[str, ...]] = set()
        """The tags that begin an element, each with the tag before it and the names of its attributes."""
        self._last_tag = ""
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self.shapes.add((self._last_tag, tag, *sorted(attributes)))
        self._last_tag = tag
        self.ids += [attributes["id"] or ""] if "id" in attributes else []
        self.links += [attributes[name] or "" for name in ("href", "src") if name in attributes]

    def handle_endtag(self, tag: str) -> None:
        self._last_tag = f"/{tag}"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """Return the text, with runs of white space as one space."""
        return re.sub(r"\s+", " ", "".join(self.words))


def parse_pages(site: dict[str, bytes]) -> dict[str, Html]:
    """Parse every page of a site: path -> page."""
    return {path: Html(content) for path, content in site.items() if path.endswith(".html")}


def select_by_shape(pages: dict[str, Html]) -> list[str]:
    """Select pages that together have every shape, so few that checking them takes seconds."""
    seen: set[tuple[str, ...]] = set()
    selected = []
    for path, page in sorted(pages.items(), key=lambda item: -len(item[1].tags)):
        if not page.shapes <= seen:
            selected.append(path)
            seen |= page.shapes
    return selected


def assert_valid(files: Iterable[Path]) -> None:
    """Check pages, style sheets and drawings with the checker of the W3C."""
    command = [*requirements.find_validator(), "--errors-only", "--also-check-css", "--also-check-svg"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[:2000]


def assert_links_resolve(pages: dict[str, Html], site: dict[str, bytes]) -> None:
    """Check that links inside the site lead to a file, fragments to an element, other links to the web."""
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme in ("https", "http"), (path, link)
                continue
            # The error page is shown at any address: its links begin at the root of the host.
            link_path = unquote(parts.path).removeprefix("/archive/" if path == "404.html" else "")
            target = path if not parts.path else resolve_link(path, link_path)
            assert target in site, (path, link)
            if parts.fragment:
                assert parts.fragment in pages[target].ids, (path, link)


def resolve_link(page: str, link: str) -> str:
    """Return the path that a relative link leads to."""
    assert not link.startswith("/"), link
    parts: list[str] = []
    for part in (PurePosixPath(page).parent / link).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def assert_sound(pages: dict[str, Html]) -> None:
    """Check that ids are unique, nothing runs or is styled within a page, and a strict policy forbids it."""
    for path, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), path
        tags = [tag for tag, _ in page.tags]
        assert [tags.count(tag) for tag in ("h1", "main", "style", "base")] == [1, 1, 0, 0], path
        # A server shows the error page at any depth: where an address is known, its paths are absolute.
        roots = ["../" * path.count("/")] if path != "404.html" else ["", "/archive/"]
        assert any(("html", {"lang": "en", "data-root": root}) in page.tags for root in roots), path
        for tag, attributes in page.tags:
            assert not any(name == "style" or name.startswith("on") for name in attributes), (path, tag)
            assert tag != "script" or attributes.get("src") or "ld+json" in str(attributes["type"]), path
        policy = [
            attributes["content"]
            for _, attributes in page.tags
            if "Content-Security-Policy" in attributes.values()
        ]
        assert (
            policy
            and policy[0]
            and policy[0].startswith("default-src 'none'; style-src 'self'; script-src 'self'")
        )


def read_table(page: bytes, name: str) -> list[list[str]]:
    """Read the cells of a table, by row."""
    body = page.decode().partition(f'<table id="{name}"')[2].partition("</table>")[0]
    rows = []
    for row in re.findall(r"<tr.*?</tr>", body.partition("<tbody>")[2], re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        rows.append([re.sub(r"<[^>]*>", "", cell).strip() for cell in cells])
    return rows
