"""Shipping: everything that a server needs is copied to its targets all the time, from beside the server itself."""
