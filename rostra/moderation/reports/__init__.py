"""What people report, and what they hear of it."""
