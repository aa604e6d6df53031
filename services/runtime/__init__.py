"""How a service lives: settings, logs, start and stop, database, messages. No business words in here."""
