"""Export: the archive as Parquet files with their descriptions, for other people's tools."""
