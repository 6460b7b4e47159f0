"""Charts: coordinates of the SVG charts that templates draw."""
