-- How late the oldest message is, is asked every minute: of those still owed
-- alone, not of all that were ever sent.
CREATE INDEX message_owed_idx ON message (due_at) WHERE state IN ('planned', 'sending');
