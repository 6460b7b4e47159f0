"""A snapshot: all records of all feeds at one hour, and the files below `data/` that say the same.

In memory a feed's state maps keys to records as received: (id,) to the record for a list; (asked id,) to
the whole response for a sweep; (model_id, tag, n) to the row without health for zdr. Writing and reading
back gives the same state, whichever feeds were fetched anew.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator

from orarchive.domain.feeds import FEEDS, RESPONSES_FILE, Feed
from orarchive.domain.record_files import (
    Key,
    join_record,
    match_copies,
    number_duplicates,
    restore_record,
    shorten_record,
    split_record,
    stable_part,
)
from orarchive.errors import ArchiveError
from orarchive.jsonl import Record, read_lines, write_lines

State = dict[Key, Record]
Snapshot = dict[str, State]
Lines = dict[str, list[Record]]
"""File name -> the lines of that file."""


def empty_snapshot() -> Snapshot:
    """The snapshot of an archive without hours."""
    return {name: {} for name in FEEDS}


def records_by_key(feed: Feed, state: State) -> dict[Key, Record]:
    """A feed's records by key; of a sweep with lines for items each item, by (asked id, tag, n)."""
    if not feed.has_item_lines:
        return state
    return {
        (asked, item["tag"], n): item
        for (asked,), response in state.items()
        for n, item in number_duplicates(feed, feed.get_payload(response)[feed.items_member])
    }


def snapshot_to_files(snapshot: Snapshot) -> dict[str, bytes]:
    """Every file of a snapshot: path below `data/` -> bytes. A file without lines is not there."""
    files: dict[str, bytes] = {}
    for feed in FEEDS.values():
        for file, lines in _lines(feed, snapshot).items():
            by = ("model",) if feed.has_item_lines and file == RESPONSES_FILE else feed.key
            lines.sort(key=lambda line: tuple(line[name] for name in by))
            files[f"{feed.folder}/{file}.jsonl"] = write_lines(lines)
    return files


def snapshot_from_files(get: Callable[[str], bytes | None]) -> Snapshot:
    """Put a snapshot together from its files; `get` gives a file's bytes by its path below `data/`."""
    snapshot = empty_snapshot()
    for feed in FEEDS.values():
        lines = {path: _keyed(feed, path, data) for path in feed.files if (data := get(path))}
        by_file = {path.rpartition("/")[2].removesuffix(".jsonl"): found for path, found in lines.items()}
        try:
            snapshot[feed.name] = _state(feed, by_file, snapshot)
            if feed.parent:
                _refuse_shapeless(feed, snapshot[feed.name])
        except (KeyError, TypeError, AttributeError) as error:
            msg = f"data/{feed.folder}: lines that the archive never wrote ({type(error).__name__}: {error})"
            raise ArchiveError(msg) from error
    return snapshot


def _refuse_shapeless(feed: Feed, state: State) -> None:
    """Refuse responses of a sweep without their lists."""
    for (asked,), response in state.items():
        items = feed.get_payload(response)[feed.items_member]
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            msg = f"data/{feed.folder}: what stands for {asked} has no list of {feed.items_member}"
            raise ArchiveError(msg)


def _keyed(feed: Feed, path: str, data: bytes) -> list[Record]:
    """The lines of a file, each of which says whose it is."""
    by = ("model",) if feed.has_item_lines and path.endswith(f"/{RESPONSES_FILE}.jsonl") else feed.key
    found = read_lines(data, f"data/{path}")
    for number, line in enumerate(found, start=1):
        for name in by:
            if type(line.get(name)) is not (int if name == "n" else str):
                msg = f"data/{path}, line {number}: no proper {name!r}"
                raise ArchiveError(msg)
    return found


def hash_feed(feed: Feed, files: dict[str, bytes]) -> str:
    """The hash of a feed as it stands: over the bytes of its files, in the order of `feed.files`."""
    digest = hashlib.sha256()
    for path in feed.files:
        digest.update(files.get(path, b""))
    return digest.hexdigest()


def build_copy_state(feed: Feed, found: Iterable[Record], snapshot: Snapshot) -> State:
    """The state of a feed that repeats another's items: its rows without what moves by itself."""
    assert feed.copied_feed
    source = FEEDS[feed.copied_feed]
    return match_copies(source, [stable_part(source, row) for row in found], _calm_items(feed, snapshot))


def _lines(feed: Feed, snapshot: Snapshot) -> Lines:
    state = snapshot[feed.name]
    if feed.has_item_lines:
        return _sweep_lines(feed, state, snapshot)
    lines: Lines = {}
    if feed.copied_feed:
        items = _calm_items(feed, snapshot)
        for key, row in build_copy_state(feed, state.values(), snapshot).items():
            own = dict(zip(feed.key, key, strict=True))
            lines.setdefault(feed.base_file, []).append({**shorten_record(row, items.get(key, {})), **own})
        return lines
    for key, record in state.items():
        own = {"model": key[0]} if feed.parent else {}
        _add(lines, split_record(feed, own, record))
    return lines


def _sweep_lines(feed: Feed, state: State, snapshot: Snapshot) -> Lines:
    lines: Lines = {}
    for (asked,), response in state.items():
        payload = dict(feed.get_payload(response))
        del payload[feed.items_member]
        beside = {name: value for name, value in response.items() if name != feed.payload_member}
        line = {"model": asked, **shorten_record(payload, _repeated(feed, asked, snapshot))}
        lines.setdefault(RESPONSES_FILE, []).append({**line, **({"response": beside} if beside else {})})
    for (asked, _, n), item in records_by_key(feed, state).items():
        _add(lines, split_record(feed, {"model": asked, "n": n}, item))
    return lines


def _add(lines: Lines, found: Iterator[tuple[str, Record]]) -> None:
    for file, line in found:
        lines.setdefault(file, []).append(line)


def _state(feed: Feed, lines: Lines, snapshot: Snapshot) -> State:
    if feed.has_item_lines:
        return _sweep_state(feed, lines, snapshot)
    if feed.copied_feed:
        items = _calm_items(feed, snapshot)
        keyed = {tuple(line[name] for name in feed.key): line for line in lines.get(feed.base_file, [])}
        return {key: restore_record(line, items.get(key, {}), own=("n",)) for key, line in keyed.items()}
    return _joined(feed, lines)


def _sweep_state(feed: Feed, lines: Lines, snapshot: Snapshot) -> State:
    state: State = {}
    for line in lines.get(RESPONSES_FILE, []):
        asked = line["model"]
        payload = restore_record(line, _repeated(feed, asked, snapshot), own=("model", "response"))
        state[asked,] = {
            str(feed.payload_member): {**payload, feed.items_member: []},
            **line.get("response", {}),
        }
    for (asked, _, _), item in _joined(feed, lines).items():
        feed.get_payload(state[asked,])[feed.items_member].append(item)
    return state


def _joined(feed: Feed, lines: Lines) -> dict[Key, Record]:
    """Records put together from the lines of a feed's files."""
    own = [name for name in ("model", "n") if name in feed.key]
    parts: dict[Key, dict[str, Record]] = {}
    for file, found in lines.items():
        if file == RESPONSES_FILE and feed.has_item_lines:
            continue
        for line in found:
            parts.setdefault(tuple(line[name] for name in feed.key), {})[file] = line
    for key, files in parts.items():
        if feed.base_file not in files:
            msg = f"data/{feed.folder}: {key} is not in {feed.base_file}.jsonl but in {', '.join(files)}"
            raise ArchiveError(msg)
    return {key: join_record(feed, files, own) for key, files in parts.items()}


def _repeated(feed: Feed, asked: str, snapshot: Snapshot) -> Record:
    """The fields of the asked record that a sweep's response repeats."""
    assert feed.parent
    record = snapshot[feed.parent].get((asked,), {})
    return {name: record[name] for name in feed.repeated_fields if name in record}


def _calm_items(feed: Feed, snapshot: Snapshot) -> dict[Key, Record]:
    """The items that a copying feed's rows repeat, without what moves by itself."""
    assert feed.copied_feed
    source = FEEDS[feed.copied_feed]
    return {
        key: stable_part(source, item) for key, item in records_by_key(source, snapshot[source.name]).items()
    }
