"""Relations between feeds, counted but never refused: the service does not promise that they hold."""

from orarchive.domain.feeds import ENDPOINTS
from orarchive.domain.keys import EndpointKey
from orarchive.domain.snapshot import Snapshot, get_records_by_key


def count_relations(snapshot: Snapshot) -> dict[str, int]:
    """Count the records that point at a record that is not there, by kind; data/README.md explains each."""
    models = {key[0] for key in snapshot["models"]}
    providers = {key[0] for key in snapshot["providers"]}
    records = get_records_by_key(ENDPOINTS, snapshot["endpoints"])
    endpoints = {EndpointKey(*key): record for key, record in records.items()}
    targets = [record.get("alias_target") for record in snapshot["models"].values()]
    return {
        "endpoints_of_unlisted_models": sum(endpoint.model not in models for endpoint in endpoints),
        "models_without_endpoints": len(models - {endpoint.model for endpoint in endpoints}),
        "models_never_asked": len(models - {key[0] for key in snapshot["endpoints"]}),
        "tags_without_provider": len(
            {endpoint.tag for endpoint in endpoints if endpoint.provider not in providers}
        ),
        "alias_targets_absent": sum(
            str(target.get("slug")) not in models for target in targets if isinstance(target, dict)
        ),
        "zdr_without_endpoint": len(snapshot["zdr"].keys() - endpoints.keys()),
        "other_model_id": sum(
            record.get("model_id") != endpoint.model for endpoint, record in endpoints.items()
        ),
    }
