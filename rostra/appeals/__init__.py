"""Appeals against decisions, and the panels that decide some of them."""
