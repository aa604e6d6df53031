"""Requests made up by chance: sound ones for every row of the route table, spoiled in one to three places.

Everything drawn comes from the seed, the row and the number of the case, so no case waits for another. They
are sent as bytes: half of what goes wrong in the world cannot be said through a client that means well.
"""
