"""The database for download: an index as tables for other programs, without raw health and bookkeeping.

It is built as a file by SQL from the attached index, with its rows in order: equal archives give equal bytes.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

from orarchive import __version__
from orarchive.errors import ArchiveError
from orarchive.index.build import RULES_VERSION
from orarchive.index.download_rows import (
    NextHours,
    Row,
    list_benchmarks,
    list_feeds,
    list_fields,
    list_hours,
    list_model_details,
    list_provider_details,
    list_records,
)
from orarchive.index.sql_values import decode_text

TABLES_SQL, VIEWS_SQL = (
    (Path(__file__).parent / name).read_text() for name in ("download.sql", "download_views.sql")
)

DATABASE_NAME = "archive.sqlite"

DOWNLOAD_FORMAT = 2
"""Version of what others may rely on: raise it when a table or column goes or changes its meaning."""

DOWNLOAD_RULES_VERSION = 1
"""Version of the rules that fill the tables; raise it to fill the same tables in another way."""

DOWNLOAD_ID = f"{RULES_VERSION}.{DOWNLOAD_RULES_VERSION}-{crc32((TABLES_SQL + VIEWS_SQL).encode()):08x}"
"""Identifies tables and rules, those of the index included; without added tables."""

WRITE_CODES = (
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR),
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY),
)
"""Primary result codes of SQLite for a file that cannot be written."""

TEMPORARY_SQL = """
    create temp table model_details (
        record integer primary key, max_output integer, input_modalities text, output_modalities text,
        supported_parameters text, tokenizer text, knowledge_cutoff text, hugging_face_id text,
        alias_target text
    );
    create temp table provider_details (
        record integer primary key, name text, datacenters text, headquarters text, privacy_policy_url text,
        terms_of_service_url text, status_page_url text
    );
"""

INSERT_ABOUT = """
    insert into about
    select :format, :schema, :program, (select commit_id from src.meta), min(hour), max(hour)
    from src.attempts
"""

SELECTS = {
    "attempts": """
        select attempt, hour, number, started, finished, origin, program, commit_id, broken, source_commit
        from src.attempts order by attempt
    """,
    "scopes": """
        select row_number() over (order by scope), scope from (select distinct scope from src.reads)
    """,
    "reads": """
        select attempt, feed, outcome, good, id, records, requests, seconds,
            min(attempt) over (partition by feed, sha256), kept, reasons
        from src.reads join scopes using (scope) order by attempt, feed
    """,
    "replaced_lines": "select record, file, attempt, line from src.replaced_lines order by 1, 2, 3",
    "gaps": "select feed, after, until, missing from src.gaps order by feed, after",
    "labs": "select lab, first from src.labs order by lab",
    "models": """
        select records.key, records.id, coalesce(name, records.key), lab, records.state, arrival, first_seen,
            last_seen, missing_since, canonical_slug, created, context_length, max_output, input_modalities,
            output_modalities, supported_parameters, tokenizer, knowledge_cutoff, hugging_face_id,
            alias_target, expiration_date, expires, coalesce(is_new, 0), coalesce(is_orphaned, 0), prompt,
            completion
        from src.records as records left join src.models as models on models.id = records.key
        left join model_details on record = records.id
        where feed = 'models' group by records.key
        union all
        select distinct model, null, model, null, 'unlisted', 'unlisted', null, null, null, null, null, null,
            null, null, null, null, null, null, null, null, null, null, 0, 0, null, null
        from main.records
        where model is not null and model not in (select key from src.records where feed = 'models')
        order by 1, 2
    """,
    "providers": """
        select records.key, id, name, state, first, last, missing, headquarters, datacenters,
            privacy_policy_url, terms_of_service_url, status_page_url
        from src.records as records join provider_details on record = id group by records.key
        union all
        select distinct provider, null, provider, null, null, null, null, null, null, null, null, null
        from main.records
        where provider is not null and provider not in (
            select key from src.records join provider_details on record = id where feed = 'providers')
        order by 1, 2
    """,
    "endpoints": """
        select id, key, records.model, records.tag, n, provider, state, first,
            coalesce(last, (select max(hour) from src.reads where feed = 'endpoints' and good)),
            provider_name, quantization, context_length
        from main.records as records left join src.endpoint_facts as facts on facts.record = id
        where feed = 'endpoints' order by id
    """,
    "provider_models": """
        select provider, model, first, last, endpoints from src.provider_models order by provider, model
    """,
    "prices": """
        select null, model, endpoint, tag, n, provider, dimension, condition, position, first, last,
            case when following < next_first then following else next_first end, amount, value
        from (
            select points.*, model, endpoint, tag, n, provider,
                next_hour(record, 'prices', points.last) as next_first,
                lead(points.first) over (partition by record, dimension, condition order by points.first)
                    as following
            from src.prices as points join main.records as records on records.id = record
        )
        order by model, endpoint, record, dimension, condition, first
    """,
    "current_prices": """
        select null, model, endpoint, tag, n, provider, dimension, amount, value, lowest, highest
        from src.current_prices join main.records as records on records.id = record
        order by model, endpoint, record, dimension
    """,
    "events": """
        select events.id, hour, attempt, after, by, kind, events.feed, records.id,
            case when records.id is null then events.key end, field, old, new, percent, cause
        from src.events as events
        left join (select feed, key, min(id) as id from src.records group by feed, key) as records
        on (records.feed, records.key) = (events.feed, events.key)
            and kind not in ('field_appeared', 'field_vanished')
        order by events.id
    """,
    "days": """
        select distinct day, date(day * 86400, 'unixepoch') from src.health_days order by 1
    """,
    "health_days": """
        select day, record, hours, abnormal, uptimes, uptime_sum / nullif(uptimes, 0), uptime_min,
            latencies, latency_sum / nullif(latencies, 0), throughput_sum / nullif(latencies, 0)
        from src.health_days order by 1, 2
    """,
    "ranking_reads": """
        select attempt, hour, series, slice, outcome, as_of, missing from src.ranking_reads
        order by series, slice, attempt
    """,
    "ranking_slices": """
        select id, series, slice, series || case slice when '' then '' else '/' || slice end
        from src.ranking_slices order by id
    """,
    "permaslugs": "select id, permaslug from src.permaslugs order by id",
    "usage": "select slice, date, permaslug, tokens from src.usage order by slice, date, permaslug",
    "orders": "select hour, slice, rank, model from src.orders order by slice, hour, rank",
    "ranking_lines": """
        select series, slice, date, key, line from src.ranking_lines {condition} order by series, slice, key
    """,
    "fields": "select feed, path, first, records, missing from src.fields order by feed, path",
}
"""Table -> the query for its rows; in the order in which they are filled.

Two ids that differ only in characters which SQLite cannot hold are one row of `models`: the first.
"""


@dataclass(frozen=True)
class AddedTables:
    """Tables that a later room adds to the database, made from the same index."""

    sql: str
    """Creates the tables and views, with comments as in download.sql; views may use all tables."""
    rules: str
    """Identifies the rules and the files that fill the tables."""
    list_tables: Callable[[sqlite3.Connection, bool], Iterator[tuple[str, Iterable[Row]]]]
    """Yield each table with its rows, from a connection to the index, with or without benchmarks."""
    units: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """For Datasette: table -> column -> its unit."""
    queries: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """For Datasette: name -> title and SQL."""

    @property
    def id(self) -> str:
        """Return what identifies all tables and rules of the database, those of the index included."""
        return f"{DOWNLOAD_ID}+{crc32((self.sql + self.rules).encode()):08x}"


def export_file(
    db: sqlite3.Connection, out: Path, benchmarks: bool = True, added: AddedTables | None = None
) -> None:
    """Write the database for download of an index; see `export_index`."""
    with locate_index(db) as index:
        export_index(index, out, benchmarks, added)


def export_index(index: Path, out: Path, benchmarks: bool = True, added: AddedTables | None = None) -> None:
    """Write the database for download of an index's file; it is replaced as a whole or not at all.

    `benchmarks` = False leaves out the benchmark scores, which have terms of their own. Raises ArchiveError
    if the file cannot be written.
    """
    draft, partial = (out.with_name(f"{out.name}.{ending}") for ending in ("draft", "partial"))
    try:
        _remove(draft, partial)
        with closing(_connect(draft)) as copy, closing(_open(index)) as source:
            copy.execute("attach database ? as src", (f"{index.absolute().as_uri()}?mode=ro",))
            # Both read from here on: an update that waits for the first would lock out the second.
            for reader, schema in ((source, "main"), (copy, "src")):
                reader.execute("begin")
                reader.execute(f"select count(*) from {schema}.sqlite_schema").fetchone()
            _fill(copy, benchmarks, added.id if added else DOWNLOAD_ID)
            if added:
                _add(copy, added, added.list_tables(source, benchmarks))
            copy.execute("commit")
            copy.execute("vacuum into ?", (partial.absolute().as_uri(),))  # a twentieth smaller
        partial.replace(out)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in WRITE_CODES:
            raise
        msg = f"{out} cannot be written: {error}; is there room, and may you write there?"
        raise ArchiveError(msg) from error
    finally:
        _remove(draft, partial)


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


@contextmanager
def locate_index(db: sqlite3.Connection) -> Iterator[Path]:
    """Yield the path of an index's file; of one in memory that of a copy."""
    query = "select cast(file as blob) from pragma_database_list where name = 'main'"
    if name := db.execute(query).fetchone()[0]:
        yield Path(os.fsdecode(name))
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "index.sqlite"
        db.execute("vacuum into ?", (str(path),))
        yield path


def _connect(path: Path) -> sqlite3.Connection:
    """Create a database file that is written once and as a whole."""
    db = sqlite3.connect(path.absolute().as_uri(), uri=True, isolation_level=None)
    db.text_factory = decode_text
    db.executescript("pragma journal_mode = off; pragma synchronous = off;")
    return db


def _open(index: Path) -> sqlite3.Connection:
    """Open the file of an index for reading, with its tables under their own names."""
    db = sqlite3.connect(f"{index.absolute().as_uri()}?mode=ro", uri=True)
    db.text_factory = decode_text
    return db


def _fill(db: sqlite3.Connection, benchmarks: bool, schema: str) -> None:
    """Create and fill all tables of a new database from the index attached as `src`."""
    _run_script(db, TEMPORARY_SQL + TABLES_SQL)
    hours = NextHours.load(db)
    db.create_function("next_hour", 3, hours.find_next, deterministic=True)
    db.execute(INSERT_ABOUT, {"format": DOWNLOAD_FORMAT, "schema": schema, "program": __version__})
    _insert(db, "feeds", list_feeds(db))
    _insert(db, "hours", list_hours(db))
    _insert(db, "records", list_records(db))
    _insert(db, "model_details", list_model_details(db))
    _insert(db, "provider_details", list_provider_details(db))
    for table, select in SELECTS.items():
        condition = "" if benchmarks or table != "ranking_lines" else "where series != 'benchmarks'"
        db.execute(f"insert into {table} {select.format(condition=condition)}")
    if benchmarks:
        _insert(db, "benchmarks", list_benchmarks(db))
    insert_stretches, insert_fields = (_write_insert(db, name) for name in ("stretches", "field_versions"))
    for stretches, fields in list_fields(db, hours):
        db.executemany(insert_stretches, stretches)
        db.executemany(insert_fields, fields)
    _run_script(db, VIEWS_SQL)


def _add(db: sqlite3.Connection, added: AddedTables, tables: Iterable[tuple[str, Iterable[Row]]]) -> None:
    """Create and fill added tables; of two rows with one key the first counts, as in `models`."""
    _run_script(db, added.sql)
    for table, rows in tables:
        _insert(db, table, rows, "on conflict do nothing")


def _insert(db: sqlite3.Connection, table: str, rows: Iterable[Row], conflict: str = "") -> None:
    """Insert rows that have all columns of a table."""
    db.executemany(f"{_write_insert(db, table)} {conflict}", rows)


def _write_insert(db: sqlite3.Connection, table: str) -> str:
    """Return the statement that inserts a row with all columns of a table."""
    columns = db.execute("select count(*) from pragma_table_info(?)", (table,)).fetchone()[0]
    return f"insert into {table} values ({', '.join('?' * columns)})"


def _run_script(db: sqlite3.Connection, script: str) -> None:
    """Run statements inside the transaction that is open, which `executescript` would commit."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
