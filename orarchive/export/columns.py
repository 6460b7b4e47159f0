"""Columns: their types, and those that several tables of the export share.

There are no unsigned integers and no nanoseconds, which some readers lack. Measures that the service sends as
numbers are doubles; counts and codes are 64-bit integers; prices are exact decimals.
"""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

TEXT = pa.string()
TEXTS = pa.list_(pa.string())
INTEGER = pa.int64()
MEASURE = pa.float64()
FLAG = pa.bool_()
DATE = pa.date32()
TIME = pa.timestamp("us", tz="UTC")
PRICE = pa.decimal128(38, 24)
"""The service has sent prices with 23 decimals; 14 digits remain before the point."""

Licence = Literal["catalogue", "rankings"]


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    type: pa.DataType
    description: str
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """A table of the export; its rows are sorted by `key`."""

    name: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """The columns that together identify a row."""
    period: Literal["", "year", "month"] = ""
    """How the table is split into files; "": one file."""
    licence: Licence = "catalogue"

    @property
    def schema(self) -> pa.Schema:
        """Return the schema of the table's files; a column of the key has no nulls."""
        return pa.schema(
            [pa.field(column.name, column.type, column.name not in self.key) for column in self.columns]
        )

    @property
    def period_column(self) -> str:
        """Return the column of the key whose time says to which period a row belongs."""
        types = {column.name: column.type for column in self.columns}
        return next(name for name in self.key if types[name] in (DATE, TIME))

    def build_path(self, period: str = "") -> str:
        """Return the path of a file: `models.parquet`; of a period `events/year=2026/part-0.parquet`."""
        return f"{self.name}/{self.period}={period}/part-0.parquet" if period else f"{self.name}.parquet"


MODEL = Column("model", TEXT, "Model id under which the endpoint was requested.")
TAG = Column("tag", TEXT, "Tag of the endpoint: the provider's slug, and a region or variant behind a slash.")
N = Column("n", INTEGER, "Counts the endpoints with the same model and tag, from 0.")
PROVIDER = Column("provider", TEXT, "Slug of the provider: the tag up to its first slash.")
ENDPOINT = (MODEL, TAG, N, PROVIDER)

LIFE = (
    Column(
        "state", TEXT, "active; stale, deprecated, removed (missing for 0, 14, 30 days); left; unobserved."
    ),
    Column("arrival", TEXT, "How it was last added: baseline, first_observed, added, returned, joined."),
    Column("first_seen", TIME, "First hour that showed it."),
    Column("last_seen", TIME, "Last hour that showed it; of a listed record the last good read of its feed."),
    Column("missing_since", TIME, "First good hour without it; null while it is listed."),
)

SPAN = (
    Column("valid_from", TIME, "First hour that showed it. It may have begun after the good hour before."),
    Column("last_seen", TIME, "Last good hour that showed it; of a current row the last good read."),
    Column("superseded_at", TIME, "First good hour that did not show it any more; null: it still holds."),
)

FACET = Column("facet", TEXT, "Which file of the archive the line is of: facts, text, prices, spot, asked.")
JSON = Column("json", TEXT, "The line as it stands in the archive: JSON with every field as it was sent.")
PROMPT_USD = Column(
    "prompt_usd", PRICE, "Input price at last_seen; -1: dynamic; null: none.", "USD per token"
)
COMPLETION_USD = Column("completion_usd", PRICE, "Output price at last_seen, likewise.", "USD per token")
CONTEXT = Column("context_length", INTEGER, "Context length.", "tokens")
MAX_OUTPUT = Column("max_completion_tokens", INTEGER, "Longest output.", "tokens")
NAME = Column("name", TEXT, "Name for people.")
EXPIRES = Column("expires", DATE, "Day on which it expires; fillers that mean no date are left out.")
PARAMETERS = Column("supported_parameters", TEXTS, "Request parameters that it supports, sorted.")
PROVIDER_NAME = Column("provider_name", TEXT, "Name of the provider for people.")
QUANTIZATION = Column("quantization", TEXT, "Number format of the weights: fp8, bf16, unknown.")
ORIGIN = Column("origin", TEXT, "live, or import:<name> for hours taken over from another repository.")
