"""Statements about groups and their sessions."""
