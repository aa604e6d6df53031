"""Forgetting what residents told, telling them what is known, erasing it on their wish."""
