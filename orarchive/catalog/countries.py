"""Names of countries by the codes that records have."""

from orarchive.catalog.data_files import load_document

COUNTRIES_FILE = "countries.toml"


def get_country_name(code: str) -> str:
    """Return the name of the country with a code of ISO 3166; the code where there is none."""
    names: dict[str, str] = load_document(COUNTRIES_FILE)["country"]
    return names.get(code, code)
