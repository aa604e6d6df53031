"""Statements about who serves, and for those who look through everything."""
