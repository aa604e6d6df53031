"""Statements that forget, and that find what is known of one person."""
