"""Statements about who comes to groups and who waits."""
