"""Charts: geometry of the SVG charts that templates draw."""
