"""Statements about who opens sessions."""
