-- The address of a person's calendar carries this number: raising it makes the old address useless.
-- And when a host ended a meeting, which may be before its hour: from then on it has been held.

ALTER TABLE person ADD COLUMN calendar_version integer NOT NULL DEFAULT 1;
ALTER TABLE slot ADD COLUMN ended_at timestamptz;

-- Past meetings of one host that nobody has said anything of yet.
CREATE INDEX booking_without_outcome_idx ON booking (slot_id)
    WHERE status = 'confirmed' AND accompanies IS NULL;
