-- How many dead letters there are and how old the oldest is, is asked every few
-- seconds: of those that nobody has settled, not of all that were.
CREATE INDEX dead_letter_unsettled_idx ON dead_letter (dead_at) WHERE settled_at IS NULL;
