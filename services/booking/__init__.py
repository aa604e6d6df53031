"""Who gets which time.

booking owns organisations, themes, the people who serve, weekly reception hours,
slots and bookings. It never sends a message and never signs a token.
"""
