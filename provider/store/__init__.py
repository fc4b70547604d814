"""Queries and writes, a module a noun. Each function takes a session, and none commits.

Every write notes the `Change` that it makes in the session's `changes`, for whoever commits. Hosts are stored as
A-labels; the objects that come out of here show them as they were typed.
"""
