-- A theme that times and figures speak of cannot be taken away; it can be offered no longer.
-- And coordinators look through the times of every host at once, in order.

ALTER TABLE theme ADD COLUMN hidden boolean NOT NULL DEFAULT false;
CREATE INDEX slot_starts_at_idx ON slot (starts_at, id);
