-- Looking for a host: who cannot come is not asked again, and those named as co-hosts are asked once. And
-- once a session is over, who came is noted from what rooms has seen; of those before today that is done.

ALTER TABLE stand_in_asked ADD COLUMN cannot boolean NOT NULL DEFAULT false;

ALTER TABLE co_host ADD COLUMN asked_at timestamptz;
CREATE INDEX co_host_unasked_idx ON co_host (slot_id)
    WHERE live AND accepted_at IS NULL AND asked_at IS NULL;

UPDATE slot SET attendance_at = ends_at WHERE group_id IS NOT NULL AND ends_at < now();
CREATE INDEX slot_without_attendance_idx ON slot (ends_at)
    WHERE state = 'open' AND group_id IS NOT NULL AND attendance_at IS NULL;

-- Those who lead look through sessions alone, which are few among all times.
CREATE INDEX slot_sessions_idx ON slot (starts_at, id) WHERE state = 'open' AND group_id IS NOT NULL;
