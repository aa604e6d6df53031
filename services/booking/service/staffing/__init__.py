"""Who opens a session: promising it, being asked, who was there."""
