"""Apps and what they may do for people: registration, authorization, tokens, scopes (RFC 6749, 7009, 7636, 8414)."""
