"""What every test here has: a database that bears a machine on which nothing moves for a moment."""

from tests.support.patience import patient_database

__all__ = ["patient_database"]
