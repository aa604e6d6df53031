"""Who may enter which room, and when. Owns rooms, places in them, presence, attendance and room tokens.

Never knows a name, an address or a topic beyond the display name being used now, which it keeps nowhere.
"""
