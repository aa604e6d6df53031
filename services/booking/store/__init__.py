"""Every SQL statement of booking, one file per noun."""
