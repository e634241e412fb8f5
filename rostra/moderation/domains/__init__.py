"""What holds for other servers."""
