"""A snapshot: all records of all feeds at one hour, and its form as files below `data/`.

In memory a feed's state maps keys to records as received: (id,) to the record for a list; the requested id,
(id,), to the whole response for a fan-out feed; (model_id, tag, n) to the row without health for zdr. Writing
a snapshot and reading it back gives the same state, no matter which feeds were fetched last.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator

from orarchive.domain.columns import format_columns, parse_columns
from orarchive.domain.data_paths import HEALTH_PATH, get_file_name, get_line_key
from orarchive.domain.feeds import FEEDS, RESPONSES_FILE, CopyFeed, FanOutFeed, Feed
from orarchive.domain.keys import EndpointKey, Key
from orarchive.domain.record_files import (
    NumberedItem,
    extract_stable_part,
    find_improper_key_field,
    join_record,
    list_numbered,
    match_copies,
    restore_record,
    shorten_record,
    split_record,
)
from orarchive.errors import ArchiveError
from orarchive.jsonl import Record, read_lines, write_lines

State = dict[Key, Record]
"""Key -> record, or response of a fan-out feed."""
Snapshot = dict[str, State]
"""Feed -> its state."""
Lines = dict[str, list[Record]]
"""File name -> the lines of that file."""


def make_empty_snapshot() -> Snapshot:
    """Return a snapshot without records: every feed with an empty state."""
    return {name: {} for name in FEEDS}


def get_records_by_key(feed: Feed, state: State) -> dict[Key, Record]:
    """Return a feed's records by key; of a fan-out feed with lines for items, its items by endpoint key."""
    if not (isinstance(feed, FanOutFeed) and feed.has_item_lines):
        return state
    return {
        EndpointKey(model, item["tag"], n): item
        for (model,), response in state.items()
        for n, item in list_numbered(feed, feed.get_payload(response)[feed.items_member])
    }


def format_snapshot_files(snapshot: Snapshot) -> dict[str, bytes]:
    """Return every file of a snapshot, path below `data/` -> bytes. A file without lines is left out."""
    files: dict[str, bytes] = {}
    for feed in FEEDS.values():
        for file, lines in _split_feed(feed, snapshot).items():
            path = f"{feed.folder}/{file}.jsonl"
            fields = get_line_key(feed, path)
            lines.sort(key=lambda line: tuple(line[name] for name in fields))
            files[path] = format_columns(lines, fields) if path == HEALTH_PATH else write_lines(lines)
    return files


def parse_snapshot_files(get: Callable[[str], bytes | None]) -> Snapshot:
    """Read a snapshot from its files; `get` returns a file's bytes, or None, by its path below `data/`.

    Raises ArchiveError where the files are not as the archive writes them.
    """
    snapshot = make_empty_snapshot()
    for feed in FEEDS.values():
        lines: Lines = {}
        for path in (*feed.files, *feed.branch_files):
            if content := get(path):
                lines[get_file_name(path)] = _parse_lines(path, content, get_line_key(feed, path))
        try:
            snapshot[feed.name] = _join_feed(feed, lines, snapshot)
            if isinstance(feed, FanOutFeed):
                _check_items(feed, snapshot[feed.name])
        except (KeyError, TypeError, AttributeError) as error:
            msg = f"data/{feed.folder}: lines that the archive never wrote ({type(error).__name__}: {error})"
            raise ArchiveError(msg) from error
    return snapshot


def hash_feed(feed: Feed, files: dict[str, bytes]) -> str:
    """Return the sha256 of a feed's files: over their bytes, in the order of `feed.files`."""
    digest = hashlib.sha256()
    for path in feed.files:
        digest.update(files.get(path, b""))
    return digest.hexdigest()


def build_copy_state(feed: CopyFeed, rows: Iterable[Record], snapshot: Snapshot) -> State:
    """Return the state of a feed that repeats another's items: its rows by key, without volatile fields."""
    source = FEEDS[feed.copied_feed]
    return match_copies(
        source, [extract_stable_part(source, row) for row in rows], _get_stable_items(feed, snapshot)
    )


def _parse_lines(path: str, content: bytes, key_fields: tuple[str, ...]) -> list[Record]:
    """Return the lines of a file; raise ArchiveError where a key field is missing or of the wrong type."""
    place = f"data/{path}"
    lines = parse_columns(content, key_fields, place) if path == HEALTH_PATH else read_lines(content, place)
    for number, line in enumerate(lines, start=1):
        if name := find_improper_key_field(line, key_fields):
            msg = f"data/{path}, line {number}: member {name!r} is missing or of a wrong type"
            raise ArchiveError(msg)
    return lines


def _check_items(feed: FanOutFeed, state: State) -> None:
    """Raise ArchiveError where a response of a fan-out feed has no list of items that are objects."""
    for (model,), response in state.items():
        items = feed.get_payload(response)[feed.items_member]
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            msg = f"data/{feed.folder}: the response for {model} has no list of {feed.items_member}"
            raise ArchiveError(msg)


def _split_feed(feed: Feed, snapshot: Snapshot) -> Lines:
    """Split a feed's state into the lines of its files, by file name and not yet sorted."""
    state = snapshot[feed.name]
    if isinstance(feed, FanOutFeed) and feed.has_item_lines:
        return _split_responses(feed, state, snapshot)
    lines: Lines = {}
    if isinstance(feed, CopyFeed):
        items = _get_stable_items(feed, snapshot)
        for key, row in build_copy_state(feed, state.values(), snapshot).items():
            key_values = dict(zip(feed.key, key, strict=True))
            line = {**shorten_record(row, items.get(key, {})), **key_values}
            lines.setdefault(feed.base_file, []).append(line)
        return lines
    for key, record in state.items():
        _append_lines(
            lines, split_record(feed, {"model": key[0]} if isinstance(feed, FanOutFeed) else {}, record)
        )
    return lines


def _split_responses(feed: FanOutFeed, state: State, snapshot: Snapshot) -> Lines:
    """Return the lines of a fan-out feed with lines for items: one for each response and for each item."""
    lines: Lines = {}
    for (model,), response in state.items():
        payload = dict(feed.get_payload(response))
        del payload[feed.items_member]
        line = {"model": model, **shorten_record(payload, _get_repeated_fields(feed, model, snapshot))}
        envelope = {name: value for name, value in response.items() if name != feed.payload_member}
        lines.setdefault(RESPONSES_FILE, []).append({**line, **({"response": envelope} if envelope else {})})
    for (model, _, n), item in get_records_by_key(feed, state).items():
        _append_lines(lines, split_record(feed, {"model": model, "n": n}, item))
    return lines


def _append_lines(lines: Lines, new: Iterator[tuple[str, Record]]) -> None:
    for file, line in new:
        lines.setdefault(file, []).append(line)


def _join_feed(feed: Feed, lines: Lines, snapshot: Snapshot) -> State:
    """Return the state of a feed from the lines of its files; `snapshot` has the feeds before it."""
    if isinstance(feed, FanOutFeed) and feed.has_item_lines:
        return _join_responses(feed, lines, snapshot)
    if isinstance(feed, CopyFeed):
        items = _get_stable_items(feed, snapshot)
        rows = {tuple(line[name] for name in feed.key): line for line in lines.get(feed.base_file, [])}
        return {
            key: restore_record(line, items.get(key, {}), feed.own_key_fields) for key, line in rows.items()
        }
    return _join_records(feed, lines)


def _join_responses(feed: FanOutFeed, lines: Lines, snapshot: Snapshot) -> State:
    state: State = {}
    for line in lines.get(RESPONSES_FILE, []):
        model = line["model"]
        payload = restore_record(line, _get_repeated_fields(feed, model, snapshot), ("model", "response"))
        state[model,] = {
            str(feed.payload_member): {**payload, feed.items_member: []},
            **line.get("response", {}),
        }
    for (model, _, n), item in _join_records(feed, lines).items():
        feed.get_payload(state[model,])[feed.items_member].append(NumberedItem(item, n))
    return state


def _join_records(feed: Feed, lines: Lines) -> dict[Key, Record]:
    """Return records by key, joined from the lines of a feed's files.

    Raises ArchiveError for a record that has lines in other files but not in the base file.
    """
    parts: dict[Key, dict[str, Record]] = {}
    for file, file_lines in lines.items():
        if file == RESPONSES_FILE and isinstance(feed, FanOutFeed) and feed.has_item_lines:
            continue
        for line in file_lines:
            parts.setdefault(tuple(line[name] for name in feed.key), {})[file] = line
    for key, files in parts.items():
        if feed.base_file not in files:
            msg = f"data/{feed.folder}: {key} is not in {feed.base_file}.jsonl but in {', '.join(files)}"
            raise ArchiveError(msg)
    return {key: join_record(feed, files, feed.own_key_fields) for key, files in parts.items()}


def _get_repeated_fields(feed: FanOutFeed, model: str, snapshot: Snapshot) -> Record:
    """Return the fields of the parent record that a fan-out feed's response repeats."""
    record = snapshot[feed.parent].get((model,), {})
    return {name: record[name] for name in feed.repeated_fields if name in record}


def _get_stable_items(feed: CopyFeed, snapshot: Snapshot) -> dict[Key, Record]:
    """Return by key the items that a copying feed's rows repeat, without volatile fields."""
    source = FEEDS[feed.copied_feed]
    return {
        key: extract_stable_part(source, item)
        for key, item in get_records_by_key(source, snapshot[source.name]).items()
    }
