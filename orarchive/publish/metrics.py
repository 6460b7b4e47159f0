"""Metrics of the last run and of the coverage for Prometheus, as text: `metrics.prom`."""

from collections.abc import Iterator

from orarchive.publish.views import View

METRICS_PATH = "metrics.prom"

Sample = tuple[dict[str, str], float]
"""Labels and value."""


def render_metrics(view: View) -> bytes:
    """Return every metric in Prometheus's text format, each with its help and its type."""
    lines = []
    for name, description, samples in _list_metrics(view):
        lines += [f"# HELP {name} {description}", f"# TYPE {name} gauge"]
        for labels, value in samples:
            members = ",".join(f'{label}="{text}"' for label, text in labels.items())
            lines.append(f"{name}{f'{{{members}}}' if members else ''} {value:.10g}")
    return ("\n".join(lines) + "\n").encode()


def _list_metrics(view: View) -> Iterator[tuple[str, str, list[Sample]]]:
    """Yield the name, the help and the samples of each metric."""
    run = view.last_run
    totals: dict[str, tuple[str, float]] = {
        "sync_duration": ("Seconds that the last run took.", run.seconds),
        "sync_timestamp": ("When the last run ended, in Unix time.", run.finished.timestamp()),
        "sync_errors": ("Feeds and rankings that were not good in the last run.", len(run.not_good)),
        "sync_requests": ("Requests for feeds in the last run.", run.requests),
        "sync_retries": ("Of these the repeated ones.", run.retries),
        "sync_rate_limited": ("Of these those answered with 429.", run.limited),
        "models_total": ("Models that are listed.", len(view.listed_models)),
        "models_added": ("Models added in the last run.", run.added),
        "models_missing": ("Models that were no longer there in it.", run.missing),
    }
    for name, (description, value) in totals.items():
        yield f"openrouter_{name}", description, [({}, value)]
    yield (
        "openrouter_records",
        "Records of each feed.",
        [({"feed": feed}, count) for feed, count in run.records.items()],
    )
    yield (
        "openrouter_coverage",
        "Share of the last hours in which a feed was good.",
        [
            (
                {"feed": coverage.feed, "hours": str(span)},
                coverage.complete_counts[span] / coverage.possible_counts[span],
            )
            for coverage in view.coverage
            if coverage.was_requested
            for span in coverage.complete_counts
        ],
    )
