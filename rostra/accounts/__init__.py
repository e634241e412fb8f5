"""Accounts and the people behind them: profiles, sign-up, sign-in, sessions, invitations.

Owns who somebody is. What an app may do for them is `oauth`, what they are to each other is `relationships`.
"""
