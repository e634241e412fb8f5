"""What people are to each other: follows and requests, blocks, mutes, blocked domains, notes, followed hashtags.

Owns these rows and the counts that follow from them. What becomes of timelines and notifications is the business of
whoever hears the events.
"""
