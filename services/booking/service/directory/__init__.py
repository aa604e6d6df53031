"""Who serves, for whom and in what; what coordinators look through."""
