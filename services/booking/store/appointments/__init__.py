"""Statements about weekly hours, and about many who book at one moment."""
