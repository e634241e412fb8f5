"""Simulations: the real code, with invented people, an invented history and a clock of their own."""
