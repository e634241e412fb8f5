"""What moderation achieves, measured by sampling: prevalence, agreement, precision, times, and the reports on them."""
