"""The static API below `api/v1/`: its types, from which the schemas are made, and the files themselves."""
