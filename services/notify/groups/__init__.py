"""Groups: what their news makes due, what is said of them, and whether it still holds."""
