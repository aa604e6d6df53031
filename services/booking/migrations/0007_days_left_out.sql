-- A session that its series no longer names is off, and comes back when the series names its day again.
-- One that somebody called off by hand does not: setting the same series once more must change nothing.

ALTER TABLE slot ADD COLUMN left_out boolean NOT NULL DEFAULT false;
CREATE INDEX slot_group_series_idx ON slot (group_id, series_start) WHERE series_start IS NOT NULL;
