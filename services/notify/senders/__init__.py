"""Ways to a person: e-mail and text messages.

Each has a `line`, a place in the queue to its provider: held by one message at
a time, ready to send when it is got. What goes wrong is told in codes, never in
the provider's words, which quote addresses.
"""
