-- A message that was given up is something to do until a coordinator has taken
-- care of it: who did so, and when, is kept beside it.
ALTER TABLE message
    ADD COLUMN settled_at timestamptz,
    ADD COLUMN settled_by uuid,
    ADD CONSTRAINT message_settled CHECK ((settled_at IS NULL) = (settled_by IS NULL));
CREATE INDEX message_failed_idx ON message (due_at, id) WHERE state = 'failed' AND settled_at IS NULL;
