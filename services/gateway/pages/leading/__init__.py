"""Leading groups: one's groups and their sessions, who is here, and promising to come."""
