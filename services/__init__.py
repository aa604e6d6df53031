"""Digiaula's services: booking, rooms, notify and gateway, and what they share."""
