"""Domain: the data that the service sends, and its meaning. Pure: no files, no network, no clock."""
