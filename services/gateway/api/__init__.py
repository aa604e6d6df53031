"""The public JSON API, one file per resource. Its description comes of the same types (openapi.py)."""
