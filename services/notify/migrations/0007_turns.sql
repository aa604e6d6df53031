-- A claim changes its rows where they lie and writes to no index: with a million messages ahead, the pages of six
-- indexes are more than the buffers. So none of them may know of what a claim or a lease changes. `turn_at` is when
-- a message is to be tried; in somebody's hands it stays what it was when they claimed it, which `claimed_turn`
-- keeps, and it is null for what has ended. More than half of each page is left for the versions that claims make there.
-- The table is written anew: some seconds for each million messages.
ALTER TABLE message SET (fillfactor = 45);

ALTER TABLE message
    ADD COLUMN claimed_turn timestamptz,
    ADD COLUMN turn_at timestamptz GENERATED ALWAYS AS (
        CASE state WHEN 'planned' THEN next_try_at WHEN 'sending' THEN coalesce(claimed_turn, next_try_at) END
    ) STORED,
    ADD COLUMN failed boolean GENERATED ALWAYS AS (state = 'failed') STORED;

DROP INDEX message_next_try_at_idx, message_owed_idx, message_failed_idx;
CREATE INDEX message_turn_at_idx ON message (turn_at) WHERE turn_at IS NOT NULL;
CREATE INDEX message_owed_idx ON message (due_at) WHERE turn_at IS NOT NULL;
CREATE INDEX message_failed_idx ON message (due_at, id) WHERE failed AND settled_at IS NULL;
ANALYZE message;
