"""Crisis levers: prepared, reversible, with an end and a record."""
