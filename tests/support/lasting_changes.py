"""Changes of the service that last, each made to the bodies of an hour."""

from collections.abc import Callable

from orarchive.sample import Reply
from orarchive.sample.faults import encode
from tests.support.archives import Payloads

Change = Callable[[Payloads], None]


def count_models(bodies: Payloads, count: int) -> None:
    """List so many models only, in the list and its count."""
    ids = sorted(row["id"] for row in bodies["models"]["data"])[:count]
    rows = [row for row in bodies["models"]["data"] if row["id"] in ids]
    bodies["models"] = {"data": rows, "total_count": len(rows)}
    bodies["models/count"] = {"data": {"count": len(rows)}}


def lose_a_quarter(bodies: Payloads) -> None:
    count_models(bodies, len(bodies["models"]["data"]) * 7 // 10)


def repeat_a_row(bodies: Payloads) -> None:
    bodies["models"] = {"data": [*bodies["models"]["data"], bodies["models"]["data"][0]]}


def lose_a_key(bodies: Payloads) -> None:
    bodies["providers"]["data"].append({"name": "Nobody"})


def lose_all_endpoints(bodies: Payloads) -> None:
    for path, body in bodies.items():
        if path.startswith("models/") and path.endswith("/endpoints"):
            body["data"]["endpoints"] = []


def retire_route(bodies: Payloads) -> None:
    del bodies["endpoints/zdr"]


def lose_a_model(bodies: Payloads) -> None:
    model = min(row["id"] for row in bodies["models"]["data"])
    del bodies[f"models/{model}/endpoints"]


def lose_most_endpoints(bodies: Payloads) -> None:
    """Leave the endpoints of one model, and answer 404 for all others."""
    for row in sorted(bodies["models"]["data"], key=lambda row: str(row["id"]))[1:]:
        del bodies[f"models/{row['id']}/endpoints"]


def lose_some_keys(bodies: Payloads) -> None:
    """Leave one provider in nine without its key."""
    for row in bodies["providers"]["data"][::9]:
        del row["slug"]


def end_a_model(bodies: Payloads) -> None:
    """Answer 410 for the endpoints of a model."""
    model = min(row["id"] for row in bodies["models"]["data"])
    bodies[f"models/{model}/endpoints"] = Reply(410, b"{}")


def change_both_counts(bodies: Payloads) -> None:
    change_total(bodies)
    change_count(bodies)


def change_total(bodies: Payloads) -> None:
    bodies["models"]["total_count"] = 2 * len(bodies["models"]["data"])


def change_count(bodies: Payloads) -> None:
    bodies["models/count"]["data"]["count"] *= 2


def send_total_as_text(bodies: Payloads) -> None:
    bodies["models"]["total_count"] = str(len(bodies["models"]["data"]))


def split_pages(bodies: Payloads) -> None:
    rows = bodies["models"]["data"]
    bodies["models"] = {
        "data": rows[:2],
        "total_count": len(rows),
        "links": {"next": "/api/v1/models/page-2"},
    }
    bodies["models/page-2"] = {"data": rows[2:], "links": {"next": None}}


def split_pages_by_header(bodies: Payloads) -> None:
    rows = bodies["models"]["data"]
    bodies["models"] = Reply(
        200, encode({"data": rows[:2], "has_more": True}), {"Link": '</api/v1/models/page-2>; rel="next"'}
    )
    bodies["models/page-2"] = {"data": rows[2:]}


def multiply_models(bodies: Payloads, times: int = 3) -> None:
    """List copies of each model, with endpoints of their own, and count them."""
    rows = bodies["models"]["data"]
    copies = [(row["id"], f"{row['id']}-{number}") for row in rows for number in range(1, times)]
    bodies |= {f"models/{copy}/endpoints": bodies[f"models/{model}/endpoints"] for model, copy in copies}
    by_id = {row["id"]: row for row in rows}
    rows = [*rows, *({**by_id[model], "id": copy} for model, copy in copies)]
    bodies["models"] = {"data": rows}
    bodies["models/count"] = {"data": {"count": len(rows)}}
