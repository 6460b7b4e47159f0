"""Rows of rendered pages with their numbers, read from the HTML."""

import datetime as dt
import re
from dataclasses import dataclass
from fractions import Fraction
from html import unescape

from tests.support.naive_graves import Grave

AMOUNT = r"-?[\d,]+(?:\.\d+)?"
EXACT_PRICE = re.compile(rf'<span title="exactly \$({AMOUNT})">\$({AMOUNT})</span>')
MILLION = 10**6


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its attributes and its content as HTML."""

    attributes: str
    html: str

    @property
    def text(self) -> str:
        """Return the text without tags, with runs of white space as one space."""
        return strip_tags(self.html)

    @property
    def dated_text(self) -> str:
        """Return the text with times as machines read them: `2026-07-08` for a day."""
        return strip_tags(re.sub(r'<time datetime="([^"]*)">.*?</time>', r"\1", self.html))

    @property
    def hour(self) -> dt.datetime | None:
        """Return the hour or the day of its first time; None where it has none."""
        times = re.findall(r'<time datetime="([^"]*)"', self.html)
        return dt.datetime.fromisoformat(times[0]) if times else None


def strip_tags(html: str) -> str:
    """Return the text of a piece of HTML, with runs of white space as one space."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def read_rows(page: str, table: str) -> list[list[Cell]]:
    """Read the rows of the body of a table; none where the page has no such table."""
    content = page.partition(f'<table id="{table}"')[2].partition("</table>")[0].partition("<tbody>")[2]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", content, re.DOTALL)
    return [
        [Cell(*parts) for parts in re.findall(r"<t[hd]([^>]*)>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows
    ]


def read_section(page: str, name: str) -> str:
    """Return the HTML of a section, named by the id of its title; "" where there is none."""
    return page.partition(f'<section aria-labelledby="{name}"')[2].partition("</section>")[0]


# --- numbers ------------------------------------------------------------------------------------------------


def parse_number(text: str) -> Fraction:
    """Parse a number with commas."""
    return Fraction(text.replace(",", ""))


def count_decimals(text: str) -> int:
    """Count the digits behind the point of a number."""
    return len(text.partition(".")[2])


def is_rounded(shown: str, exact: Fraction) -> bool:
    """Return whether a number with commas is an exact one, rounded to the digits that are shown."""
    return abs(parse_number(shown) - exact) <= Fraction(1, 2 * 10 ** count_decimals(shown))


def parse_price(html: str) -> Fraction:
    """Parse a price of a million tokens as that of a token; a rounded one has its exact form in its title."""
    if match := EXACT_PRICE.fullmatch(html.strip()):
        exact, shown = match.groups()
        assert is_rounded(shown, parse_number(exact)), html
        return parse_number(exact) / MILLION
    match = re.fullmatch(rf"\$({AMOUNT})", strip_tags(html))
    assert match, html
    return parse_number(match[1]) / MILLION


def is_percent_of(shown: str, exact: Fraction) -> bool:
    """Return whether text is a change in percent, with its sign, rounded to the digits that are shown."""
    match = re.fullmatch(rf"([+−])({AMOUNT})%", shown)
    if not match:
        return False
    sign = -1 if match[1] == "−" else 1
    return (exact > 0) == (sign > 0) and is_rounded(match[2], abs(exact))


# --- moves --------------------------------------------------------------------------------------------------

MOVE = re.compile(
    r'<span class="move">(?P<dimension>\w+) <s>(?P<old>.*?)</s> .*?<b>(?P<new>.*?)</b>'
    r"(?: <i[^>]*>(?P<percent>[^<]*)</i>)?</span>",
    re.DOTALL,
)


@dataclass(frozen=True)
class ShownMove:
    """A row of a list of moves."""

    model: str
    label: str
    dimension: str
    old: Fraction
    new: Fraction
    percent: str
    cause: str
    hour: dt.datetime | None


def read_moves(page: str, table: str) -> list[ShownMove]:
    """Read the rows of a table of moves."""
    moves = []
    for subject, move, cause, hour in read_rows(page, table):
        _, model = (strip_tags(name) for name in re.findall(r"<bdi>(.*?)</bdi>", subject.html))
        label = strip_tags("".join(re.findall(r'<span class="quiet">(.*?)</span>', subject.html)))
        moves.append(_read_move(move.html, model, label.removeprefix("at "), cause.text, hour.hour))
    return moves


def _read_move(html: str, model: str, label: str, cause: str, hour: dt.datetime | None) -> ShownMove:
    """Read a move of a price."""
    match = MOVE.search(html)
    assert match, html
    old, new = parse_price(match["old"]), parse_price(match["new"])
    return ShownMove(model, label, match["dimension"], old, new, match["percent"] or "", cause, hour)


def read_short_moves(page: str) -> list[ShownMove]:
    """Read the short list of moves; what stands behind the move is the endpoint."""
    moves = []
    for item in re.findall(r"<li>(.*?)</li>", read_section(page, "moves-title"), re.DOTALL):
        (model,) = re.findall(r'href="models/([^"]*)/index.html"', item)
        label = "".join(re.findall(r"</span><bdi>at (.*?)</bdi>", item))
        moves.append(_read_move(item, model, strip_tags(label), "", None))
    return moves


def read_count(page: str, table: str) -> tuple[int, int]:
    """Return the numbers of rows shown and of all rows, by the label that shows a table."""
    (label,) = re.findall(rf'<label for="show-{table}">.*?<small>(.*?)</small>', page, re.DOTALL)
    shown, _, count = strip_tags(label).rpartition(" of ")
    return int(parse_number(shown or count)), int(parse_number(count))


# --- the cheapest, and the medians --------------------------------------------------------------------------


def read_needs(page: str) -> dict[str, list[tuple[str, str, Fraction, Fraction]]]:
    """Read the cheapest models by the rule of a need: model, provider, input and output price."""
    needs = {}
    for number in range(1, page.count('<table id="cheap-') + 1):
        heading = read_section(page, f"need-{number}")
        rule = strip_tags(re.findall(r"<h3.*?<small>(.*?)</small>", heading, re.DOTALL)[0])
        needs[rule] = [
            (
                read_linked_model(model.html),
                read_provider(model.html) or "listed",
                parse_price(prompt.html),
                parse_price(completion.html),
            )
            for model, prompt, completion in read_rows(page, f"cheap-{number}")
        ]
    return needs


def read_linked_model(html: str) -> str:
    """Return the id of the model whose page a link leads to; its variant is a folder of its own."""
    (path,) = re.findall(r'href="[./]*/models/([^"]*)/index.html"', html)
    author, slug, *variant = path.split("/")
    return ":".join([f"{author}/{slug}", *variant])


def read_provider(html: str) -> str:
    """Return the provider beside a model, without the date of its end."""
    (words,) = re.findall(r"<small>(.*)</small>", html, re.DOTALL)
    return strip_tags(words).partition("expires")[0].strip(" ·")


def read_medians(page: str, kind: str) -> dict[str, dict[str, Fraction]]:
    """Read the median prices of each class by month, from the table of a way to divide models."""
    content = page.partition(f'<table id="months-{kind}"')[2].partition("</thead>")[0]
    _, *names = [strip_tags(name) for name in re.findall(r"<th[^>]*>(.*?)</th>", content, re.DOTALL)]
    medians: dict[str, dict[str, Fraction]] = {name: {} for name in names}
    for month, *cells in read_rows(page, f"months-{kind}"):
        for name, cell in zip(names, cells, strict=True):
            if cell.text != "–":
                medians[name][month.dated_text] = parse_price(cell.html) * MILLION
    return medians


# --- rankings -----------------------------------------------------------------------------------------------

UNITS = {"T": 10**12, "B": 10**9, "M": 10**6, "K": 10**3, "": 1}


def is_short_form(shown: str, exact: int) -> bool:
    """Return whether text is a large number in few letters, such as `1.23T`, right to its last digit."""
    match = re.fullmatch(rf"({AMOUNT})([TBMK]?)", shown)
    if not match:
        return False
    digits = len(match[1].replace(",", "").replace(".", ""))
    return digits <= 4 and abs(parse_number(match[1]) * UNITS[match[2]] / exact - 1) <= Fraction(1, 200)


def is_share(shown: str, exact: Fraction) -> bool:
    """Return whether text is a share in percent with at most one decimal, or says that it is below that."""
    if shown == "<0.1%":
        return 0 < exact < Fraction(5, 10_000)
    match = re.fullmatch(rf"({AMOUNT})%", shown)
    return bool(match) and abs(parse_number(shown.removesuffix("%")) - exact * 100) <= Fraction(5, 100)


# --- the graveyard ------------------------------------------------------------------------------------------


def read_graves(page: str) -> list[Grave]:
    """Read the rows of all years of models that are no longer listed."""
    graves = []
    for year in re.findall(r'<table id="gone-(\d+)"', page):
        for name, last, days, notice, prompt, completion, _ in read_rows(page, f"gone-{year}"):
            model = strip_tags(re.findall(r"<bdi>(.*?)</bdi>", name.html)[-1])
            day = last.dated_text[:10]
            assert day[:4] == year
            prices = (read_price_cell(prompt), read_price_cell(completion))
            graves.append(Grave(model, day, days.text, read_ending(notice), prices))
    return graves


def read_ending(cell: Cell) -> str:
    """Return what the service had said of the end of a model, in the words of `naive_graves`."""
    words = {"none": "not announced", "–": "before announcements"}
    if cell.text in words:
        return words[cell.text]
    days, _, date = cell.dated_text.partition(" last set for ")
    return f"announced for {date}, {days} before"


def read_price_cell(cell: Cell) -> Fraction | str:
    """Read a price by which a table sorts; the word that stands there where it is no amount above zero."""
    (value,) = re.findall(r'data-v="([^"]*)"', cell.attributes) or ["0"]
    price = Fraction(value)
    if not price:
        return cell.text
    assert parse_price(cell.html) == price
    return price


@dataclass(frozen=True)
class ShownRank:
    """A row of a ranking, as text."""

    name: str
    tokens: str
    share: str
    moved: str


def read_ranks(page: str, table: str) -> list[ShownRank]:
    """Read the rows of the table of a day or a month."""
    rows = ([cell.text for cell in cells] for cells in read_rows(page, table))
    return [ShownRank(name.split()[-1], *figures) for name, *figures in rows]


def read_week(page: str) -> list[tuple[str, str, ShownRank]]:
    """Read the rows of the two tables of a week: rank, exact tokens, and what all tables have."""
    rows = [*read_rows(page, "week"), *read_rows(page, "others")]
    return [
        (
            rank.text,
            re.findall(r'data-v="(\d+)"', tokens.attributes)[0],
            ShownRank(name.text.split()[-1], tokens.text, share.text, moved.text),
        )
        for rank, name, moved, tokens, share, *_ in rows
    ]
