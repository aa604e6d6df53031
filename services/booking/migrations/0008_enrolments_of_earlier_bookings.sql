-- Bookings in sessions of groups that were made before people enrolled: each person's becomes an enrolment
-- for that one session, with the booking's own id, in the order in which they had come.
INSERT INTO enrolment (id, group_id, whole_series, accompanies, left_at, created_at)
SELECT b.id, s.group_id, false, b.accompanies, NULL, b.created_at
FROM booking b JOIN slot s ON s.id = b.slot_id
WHERE s.group_id IS NOT NULL AND b.enrolment_id IS NULL
ORDER BY b.created_at, coalesce(b.accompanies, b.id), b.accompanies NULLS FIRST, b.id;

UPDATE booking b SET enrolment_id = b.id
FROM slot s WHERE s.id = b.slot_id AND s.group_id IS NOT NULL AND b.enrolment_id IS NULL;
