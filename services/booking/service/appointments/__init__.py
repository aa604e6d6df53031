"""Times of one with one: publishing them, booking, changing, what came of it."""
