"""The routes of the Data API, which needs a key: usage rankings, session costs, tasks, benchmarks."""

from collections.abc import Callable

from orarchive.sample.apps import app_rankings, session_cost
from orarchive.sample.catalogue import Row
from orarchive.sample.evaluations import benchmarks
from orarchive.sample.rankings import rankings_daily
from orarchive.sample.tasks import task_classifications
from orarchive.sample.world import World

# path below the base -> (world, its parameters as values) -> body
DATASETS: dict[str, Callable[[World, Row], Row]] = {
    "datasets/rankings-daily": rankings_daily,
    "datasets/app-rankings": app_rankings,
    "datasets/session-cost": session_cost,
    "benchmarks": benchmarks,
    "classifications/task": task_classifications,
}
