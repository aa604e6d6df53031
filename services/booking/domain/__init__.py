"""The rules of booking. No clock, no I/O, no await."""
