"""The coordinators' pages: everybody who serves, every time and booking, and what staff did."""
