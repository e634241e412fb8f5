"""Appeals against decisions of moderation, and the panels that look at some of them."""
