"""Lists: people whom their owner wants to read apart. What such a timeline shows is the business of `timelines`."""
