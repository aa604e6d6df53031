"""Every SQL statement of rooms.

Locks are taken in one order: the room, then its participants. They are taken by statements of
their own, because only the next statement sees what was committed while one waited for a lock.
"""
