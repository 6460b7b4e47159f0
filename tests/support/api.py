"""Files of the static API of a site, and their check against the schemas that they name."""

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from orarchive.publish.api.kinds import API_FOLDER, OPENAPI_FILE, PLAIN_FILES, SCHEMA_FOLDER

Site = Mapping[str, bytes]

FOREIGN_FORMS = (
    *(f"{API_FOLDER}/{SCHEMA_FOLDER}/", f"{API_FOLDER}/{OPENAPI_FILE}"),
    *(f"{API_FOLDER}/{path}" for path in PLAIN_FILES),
)
"""Files without the envelope: schemas, the OpenAPI file, and texts."""


def read_data(site: Site, name: str) -> Any:
    """Return the data of a file of the API, given without folder and `.json`."""
    return json.loads(site[f"{API_FOLDER}/{name}.json"])["data"]


def follow_link(site: Site, link: str, root: str = "/") -> Any:
    """Return what a link from the root of the host leads to; `root` is the path of the site there."""
    assert link.startswith(root)
    return json.loads(site[link.removeprefix(root)])


def list_api_files(site: Site) -> list[str]:
    """List the files that have the envelope."""
    return [path for path in site if path.startswith(API_FOLDER) and not path.startswith(FOREIGN_FORMS)]


def assert_valid(site: Site, root: str = "/") -> None:
    """Assert that every file of the API is valid by the schema that it names."""
    validators: dict[str, Validator] = {}
    paths = list_api_files(site)
    assert paths
    for path in paths:
        file = json.loads(site[path])
        link = file["schema"]
        if link not in validators:
            schema = follow_link(site, link, root)
            Draft202012Validator.check_schema(schema)
            assert schema["$id"] == link
            validators[link] = Draft202012Validator(schema)
        errors = [f"{error.json_path}: {error.message[:200]}" for error in validators[link].iter_errors(file)]
        assert not errors, (path, errors[:5])
