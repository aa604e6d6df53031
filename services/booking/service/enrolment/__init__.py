"""Coming to a group: enrolling, waiting, being offered a place, leaving."""
