-- Whoever need not lead a session any more is told so, if it is still so: of which session, beside whom.
ALTER TABLE message ADD COLUMN slot_id uuid;
