"""Shortlists: a few models for a need, by a score whose parts are published, with why each of them is in."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.catalog.candidates import Candidate, choose_representatives
from orarchive.catalog.data_files import load_document, load_rows
from orarchive.catalog.filters import Condition, Filter, Selection, select_candidates
from orarchive.catalog.measures import THROUGHPUT, Measure, get_quality_measure
from orarchive.catalog.scores import PART_MEASURES, QUALITY, Part, Score, build_scale, compute_score
from orarchive.jsonl import Record

SHORTLISTS_FILE = "shortlists.toml"

Family = tuple[str, str]
"""A lab, and the name of a family of its models."""


@dataclass(frozen=True)
class Need:
    """A need that there is a shortlist for: what a model must have, and which quality counts."""

    name: str
    title: str
    size: int
    quality: tuple[str, ...]
    """Names of measures; the first counts that at least `size` candidates have."""
    flags: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    max_price: str | None = None
    min_throughput: int | None = None
    """Tokens a second, where it is measured."""
    unmeasured_title: str = ""
    """The title where no speed is measured; "" where the title does not promise one."""

    def list_conditions(self) -> list[Condition]:
        """List what a model must have."""
        price = None if self.max_price is None else Decimal(self.max_price)
        required = Filter(self.flags, self.inputs, self.outputs, max_price=price)
        return required.list_conditions({}, f"need {self.name} ({{}})")


@dataclass(frozen=True)
class Ranking:
    """The candidates for a need, best first."""

    need: Need
    quality: Measure | None
    """None where none of its measures is known of any candidate: then the other parts alone decide."""
    scored: tuple[tuple[Candidate, Score], ...]
    unranked: tuple[str, ...]
    """Candidates without the quality that the others are ranked by."""
    selection: Selection
    """What the conditions left."""


@dataclass(frozen=True)
class Entry:
    """A model in a shortlist."""

    candidate: Candidate
    score: Score
    position: int
    """From 1, by the score alone."""

    @property
    def reasons(self) -> list[str]:
        """Say why it is in: each part, those that are not known, and when it goes if that is announced."""
        parts = map(describe_part, self.score.parts)
        unknown = (f"{name} not known" for name in self.score.unknown)
        expires = self.candidate.info.expires
        return [*parts, *unknown, *([f"expires on {expires}"] if expires else [])]

    def to_json(self) -> Record:
        """Return the entry as a JSON object."""
        info = self.candidate.info
        return {
            "id": info.id,
            "name": info.name,
            "family": info.family.name,
            "position": self.position,
            **self.score.to_json(),
            "why": self.reasons,
            "expires": info.expires.isoformat() if info.expires else None,
            "endpoints": [endpoint.key.text for endpoint in self.candidate.endpoints],
        }


@dataclass(frozen=True)
class Displacement:
    """A model that the limit of a family kept out of a shortlist."""

    entry: Entry
    members: tuple[str, ...]
    """The models of its family that are in."""

    def to_json(self) -> Record:
        """Return the displacement as a JSON object."""
        return {
            "id": self.entry.candidate.info.id,
            "family": self.entry.candidate.info.family.name,
            "position": self.entry.position,
            "score": f"{self.entry.score.value:f}",
            "because_of": list(self.members),
        }


@dataclass(frozen=True)
class Shortlist:
    """A few models for a need."""

    ranking: Ranking
    entries: tuple[Entry, ...]
    displaced: tuple[Displacement, ...]
    """Those that would be in it without the limit."""

    @property
    def filled(self) -> str:
        """Say how full it is: `3 of 5`."""
        return f"{len(self.entries)} of {self.ranking.need.size}"

    def to_json(self) -> Record:
        """Return the shortlist as a JSON object."""
        need, quality = self.ranking.need, self.ranking.quality
        return {
            "name": need.name,
            "title": need.title,
            "filled": self.filled,
            "quality": quality.name if quality else None,
            "quality_source": quality.source if quality else None,
            "requires": [condition.label for condition in need.list_conditions()],
            "candidates": len(self.ranking.scored),
            "unranked": len(self.ranking.unranked),
            "entries": [entry.to_json() for entry in self.entries],
            "displaced": [displacement.to_json() for displacement in self.displaced],
        }


def load_needs() -> dict[str, Need]:
    """Return the needs that there are shortlists for, by name."""
    return {need.name: need for need in load_rows(SHORTLISTS_FILE, "shortlist", Need)}


def load_weights() -> dict[str, Decimal]:
    """Return the weight of each part of a score."""
    return {name: Decimal(weight) for name, weight in load_document(SHORTLISTS_FILE)["weights"].items()}


def build_shortlists(candidates: Sequence[Candidate]) -> list[Shortlist]:
    """Return all shortlists, in the order of the file."""
    return [build_shortlist(rank_candidates(need, candidates)) for need in load_needs().values()]


def rank_candidates(
    need: Need, candidates: Sequence[Candidate], conditions: Sequence[Condition] = ()
) -> Ranking:
    """Rank the candidates for a need, best first, of equal scores by id; further conditions narrow them.

    The score of a model does not depend on further conditions, but for the values of endpoints that these
    exclude: it is normalised among all that the need allows. Variants of one model count once.
    """
    weights = load_weights()
    own_conditions = need.list_conditions()
    population = _drop_slow(need, _select_representatives(candidates, own_conditions))
    quality = _choose_quality(need, population)
    population = [candidate for candidate in population if quality is None or quality.read_best(candidate)]
    measures = {**({QUALITY: quality} if quality else {}), **PART_MEASURES}
    scales = {name: build_scale(measure, population) for name, measure in measures.items()}
    selection = select_candidates(candidates, [*own_conditions, *conditions])
    chosen = _drop_slow(need, choose_representatives(selection.candidates))
    ranked = [candidate for candidate in chosen if quality is None or quality.read_best(candidate)]
    scored = [
        (candidate, score) for candidate in ranked if (score := compute_score(candidate, scales, weights))
    ]
    ranked_ids = {candidate.info.id for candidate, _ in scored}
    return Ranking(
        need=need,
        quality=quality,
        scored=tuple(sorted(scored, key=lambda pair: (-pair[1].value, pair[0].info.id))),
        unranked=tuple(sorted({candidate.info.id for candidate in chosen} - ranked_ids)),
        selection=selection,
    )


def build_shortlist(ranking: Ranking) -> Shortlist:
    """Return the best candidates of a ranking, with at most `max_of_family` of a lab's family."""
    limit = load_document(SHORTLISTS_FILE)["max_of_family"]
    entries: list[Entry] = []
    displaced: list[Displacement] = []
    members: dict[Family, list[str]] = defaultdict(list)
    for entry in list_entries(ranking):
        if len(entries) == ranking.need.size:
            break
        family = get_family(entry.candidate)
        if len(members[family]) == limit:
            displaced.append(Displacement(entry, tuple(members[family])))
        else:
            members[family].append(entry.candidate.info.id)
            entries.append(entry)
    return Shortlist(ranking, tuple(entries), tuple(displaced))


def list_entries(ranking: Ranking) -> list[Entry]:
    """Return all of a ranking as entries with their positions."""
    return [
        Entry(candidate, score, position)
        for position, (candidate, score) in enumerate(ranking.scored, start=1)
    ]


def get_family(candidate: Candidate) -> Family:
    """Return the family that a candidate counts for; a model without one is a family of its own."""
    return candidate.info.lab, candidate.info.family.name or candidate.info.id


def describe_part(part: Part) -> str:
    """Say where a model stands in a part: `quality: rank 3 of 140 (coding index: 52.1 points)`."""
    at = f" at {part.reading.endpoint}" if part.reading.endpoint else ""
    value = f"{part.reading.text} {part.measure.unit}".rstrip()
    return f"{part.name}: rank {part.better + 1} of {part.count} ({part.measure.title}: {value}{at})"


def _select_representatives(
    candidates: Sequence[Candidate], conditions: Sequence[Condition]
) -> list[Candidate]:
    return choose_representatives(select_candidates(candidates, conditions).candidates)


def _drop_slow(need: Need, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Drop those that are measured to be slower than the need allows."""
    if need.min_throughput is None:
        return list(candidates)
    readings = [(candidate, THROUGHPUT.read_best(candidate)) for candidate in candidates]
    return [
        candidate
        for candidate, reading in readings
        if reading is None or reading.value >= need.min_throughput
    ]


def _choose_quality(need: Need, candidates: Sequence[Candidate]) -> Measure | None:
    """Return the first measure that enough candidates have, else the one that most have.

    Values of two measures cannot be compared, so one decides for all. None where none is known.
    """
    measures = [get_quality_measure(name) for name in need.quality]
    counts = Counter({measure.name: len(build_scale(measure, candidates).keys) for measure in measures})
    enough = next((measure for measure in measures if counts[measure.name] >= need.size), None)
    most = max(measures, key=lambda measure: counts[measure.name])
    return enough or (most if counts[most.name] else None)
