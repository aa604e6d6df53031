"""Groups and their sessions: what they are, when they meet, what their leaders have to say."""
