"""What is in a text or a picture: pure functions and read-only tables, without database, network or clock.

Says what it finds, with offsets into what was written; what follows from it is the policy's business.
"""
