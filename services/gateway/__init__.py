"""The only door: pages, the JSON API, sessions and links.

It knows who asks; owners decide whether they may. It keeps sign-ins, sessions and the audit trail,
and never a fact of the domain.
"""
