"""The last run and the coverage for Prometheus, as text: `metrics.prom`."""

from collections.abc import Iterator

from orarchive.publish.views import View

METRICS_PATH = "metrics.prom"

Sample = tuple[dict[str, str], float]
"""Labels and value."""


def render_metrics(view: View) -> bytes:
    """Every metric, each with its help and its type."""
    lines = []
    for name, words, samples in _metrics(view):
        lines += [f"# HELP {name} {words}", f"# TYPE {name} gauge"]
        for labels, value in samples:
            marks = ",".join(f'{label}="{text}"' for label, text in labels.items())
            lines.append(f"{name}{f'{{{marks}}}' if marks else ''} {value:.10g}")
    return ("\n".join(lines) + "\n").encode()


def _metrics(view: View) -> Iterator[tuple[str, str, list[Sample]]]:
    run = view.last_run
    yield "openrouter_sync_duration", "Seconds that the last run took.", [({}, run.seconds)]
    yield (
        "openrouter_sync_timestamp",
        "When the last run ended, in Unix time.",
        [({}, run.finished.timestamp())],
    )
    yield (
        "openrouter_sync_errors",
        "Feeds and rankings that were not good in the last run.",
        [({}, len(run.not_good))],
    )
    yield "openrouter_sync_requests", "Requests for feeds in the last run.", [({}, run.requests)]
    yield "openrouter_sync_retries", "Of these the repeated ones.", [({}, run.retries)]
    yield "openrouter_sync_rate_limited", "Of these those answered with 429.", [({}, run.limited)]
    yield "openrouter_models_total", "Models that are listed.", [({}, len(view.listed))]
    yield "openrouter_models_added", "Models that came in the last run.", [({}, run.added)]
    yield "openrouter_models_missing", "Models that were no longer there in it.", [({}, run.missing)]
    records: list[Sample] = [({"feed": feed}, count) for feed, count in run.records.items()]
    yield "openrouter_records", "Records of each feed.", records
    covered: list[Sample] = [
        ({"feed": one.feed, "hours": str(span)}, one.good[span] / one.possible[span])
        for one in view.coverage
        if one.asked
        for span in one.good
    ]
    yield "openrouter_coverage", "Share of the last hours in which a feed was good.", covered
