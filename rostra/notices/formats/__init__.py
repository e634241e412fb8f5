"""What hosts and authorities send, read into one shape: XARF, ARF, mail, CSV, plain text. Pure, for hostile input."""
