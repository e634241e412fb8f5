"""What waits for a decision: cases, their order, leases, what is shown beside them, evidence."""
