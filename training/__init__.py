"""Makes the text model from corpora and own templates; no part of the server."""
