"""The European Union's transparency database: its schema, pure."""
