"""The routes of the Data API, which needs a key: usage rankings, session costs, tasks, benchmarks."""

from collections.abc import Callable

from orarchive.sample.apps import answer_app_rankings, answer_session_cost
from orarchive.sample.catalogue import Row
from orarchive.sample.evaluations import answer_benchmarks
from orarchive.sample.rankings import answer_rankings_daily
from orarchive.sample.tasks import answer_task_classifications
from orarchive.sample.world import World

# Each path below the base has a function of the world and the parsed query parameters to the body.
DATASETS: dict[str, Callable[[World, Row], Row]] = {
    "datasets/rankings-daily": answer_rankings_daily,
    "datasets/app-rankings": answer_app_rankings,
    "datasets/session-cost": answer_session_cost,
    "benchmarks": answer_benchmarks,
    "classifications/task": answer_task_classifications,
}
