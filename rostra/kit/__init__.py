"""Ground floor: what any server of ours would need. Nothing in here knows of social networks."""
