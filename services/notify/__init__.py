"""Notify: who is told what, and when.

Owns the messages owed, their due times, the attempts and the receipts, and the
words in every language. It never decides whether a meeting is on: it asks the
owner at the moment of sending. No name and no address is kept here.
"""
