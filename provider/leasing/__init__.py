"""Leases of servers as they are kept: in memory what is heard, in revisions what follows from silence."""
