"""Ids of news feeds and of their entries: permanent, and the archive's own."""

import re
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, unquote, urlsplit
from uuid import NAMESPACE_OID, UUID, uuid5

from orarchive.errors import ArchiveError
from orarchive.store.archive import Archive
from orarchive.store.ledger import list_ledger_files, parse_ledger

TAG_DATE = "2026"
"""Date of every tag URI; it must never change, or all ids would."""

DNS_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
"""Hosts that can be the authority of a tag URI (RFC 4151)."""

PLAIN_CHARACTERS = "/:@"
"""Characters that stand in an id as they are, like letters, digits and `-._~`; others are percent-encoded."""


REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^/@]*@)?(?P<host>[^/:]+)(?::\d+)?/|(?:[^/@:]+@)(?P<scp_host>[^/:]+):)"
    r"(?P<path>.+?)(?:\.git)?/?"
)
"""Addresses of repositories on a network: URLs, and `git@host:path`."""

SELECT_COMMIT = (
    "select commit_id from attempts where hour = ? and commit_id is not null order by attempt limit 1"
)


@dataclass(frozen=True)
class FeedSite:
    """The site that news feeds belong to."""

    base: str | None
    """Address of the site with a slash at its end; None where links are relative."""
    origin: str = ""
    """The commit that the archive began with, and the address of the repository that it was cloned from."""

    def make_id(self, name: str) -> str:
        """Return the id of a feed or an entry with a name, a URI.

        It is a tag URI of the site's address; without an address, or where its host cannot stand in a tag, it
        is a UUID made of the archive's first commit. No two names have the same id.
        """
        plain = _quote(name)
        return f"{self._tag_prefix}{plain}" if self._tag_prefix else uuid5(self._namespace, plain).urn

    @cached_property
    def _tag_prefix(self) -> str:
        """Return what tag URIs of the site's address begin with; "" if there are none.

        Neither the scheme of the address nor a default port counts.
        """
        parts = urlsplit(self.base or "")
        try:
            host = (parts.hostname or "").encode("idna").decode()
            port = {None: "", 80: "", 443: ""}.get(parts.port, str(parts.port))
        except ValueError:
            return ""
        is_tag = DNS_NAME.fullmatch(host)
        return f"tag:{host},{TAG_DATE}:{port}{_quote(unquote(parts.path))}" if is_tag else ""

    @cached_property
    def _namespace(self) -> UUID:
        return uuid5(NAMESPACE_OID, f"openrouter-archive {self.origin}")


def read_origin(archive: Archive, db: sqlite3.Connection) -> str:
    """Return what an archive without an address is told apart by; "" if it has no attempt.

    It is the first commit of its branch that has an attempt, which a fork shares, with the repository on a
    network that it was cloned from, which a fork has of its own. `db` is the index. Pasts on branches of
    their own do not count: they may be imported at any time.
    """
    files = list_ledger_files(archive, archive.resolve_commit())
    for name in sorted(files)[:1]:
        lines = archive.read_blobs([files[name]])[files[name]].splitlines(keepends=True)
        with suppress(ArchiveError):
            hours = [attempt["hour"] for attempt in parse_ledger(b"".join(lines[:1]), name)]
            row = db.execute(SELECT_COMMIT, hours).fetchone()
            return " ".join(filter(None, (str(row[0]), _read_remote(archive)))) if row else ""
    return ""


def _read_remote(archive: Archive) -> str:
    """Return host and path of the repository on a network that an archive was cloned from; "" if none."""
    listed = archive.run_git("config", "--get", "--default=", "remote.origin.url")
    match = REMOTE.fullmatch(listed.strip())
    return f"{(match['host'] or match['scp_host']).lower()}/{match['path']}" if match else ""


def _quote(text: str) -> str:
    """Percent-encode a text, also what UTF-8 has no bytes for: a lone surrogate."""
    return quote(text, safe=PLAIN_CHARACTERS, errors="surrogatepass")
