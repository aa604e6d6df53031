-- After a stream was lost, everything kept is published again. What was never published before
-- must not wait behind it; and a row's age counts from when it was written, however often it is
-- published, so that no inbox forgets an event before its outbox does.

ALTER TABLE outbox ADD COLUMN repeated boolean NOT NULL DEFAULT false;
DROP INDEX outbox_unpublished_idx;
CREATE INDEX outbox_unpublished_idx ON outbox (repeated, id) WHERE published_at IS NULL;
CREATE INDEX outbox_created_at_idx ON outbox (created_at);
