"""What every test here has: patience with a machine on which nothing moves for a moment."""

from tests.support.patience import patience

__all__ = ["patience"]
