-- Meetings long over are forgotten some at a time, and found without looking through all that were.

CREATE INDEX called_off_at_idx ON called_off (at);
CREATE INDEX participant_named_idx ON participant (slot_id) WHERE name_digest IS NOT NULL;
