-- What must hold at every moment, whatever was raced, killed or lost before. One row for each thing that
-- is broken: none is what everybody wants to see.

-- Somebody is to be in two meetings at once.
SELECT 'two open times of one host overlap' AS broken, a.id::text AS what
FROM booking.slot a JOIN booking.slot b ON a.host_id = b.host_id AND a.id < b.id
WHERE a.state = 'open' AND b.state = 'open'
  AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)

UNION ALL
SELECT 'somebody has promised to be in two places', c.slot_id::text
FROM booking.co_host c JOIN booking.slot s ON s.host_id = c.person_id
WHERE c.live AND c.accepted_at IS NOT NULL AND s.state = 'open'
  AND s.staffing IN ('accepted', 'stand_in_wanted')
  AND tstzrange(c.starts_at, c.ends_at) && tstzrange(s.starts_at, s.ends_at)

UNION ALL
SELECT 'a co-host is to come at another hour than the session is', c.slot_id::text
FROM booking.co_host c JOIN booking.slot s ON s.id = c.slot_id
WHERE c.live AND s.state = 'open' AND (c.starts_at, c.ends_at) <> (s.starts_at, s.ends_at)

UNION ALL
SELECT 'participants were told that nobody comes to a session which has a host', id::text
FROM booking.slot
WHERE told_missing_at IS NOT NULL AND staffing IN ('accepted', 'stand_in_wanted')

UNION ALL
SELECT 'a seat count is not the seats of its live bookings', s.id::text
FROM booking.slot s
WHERE s.taken <> (
    SELECT coalesce(sum(b.seats), 0) FROM booking.booking b
    WHERE b.slot_id = s.id AND b.status IN ('offered', 'held', 'confirmed', 'attended', 'no_show'))

UNION ALL
SELECT 'more seats are taken than there are', id::text FROM booking.slot WHERE taken NOT BETWEEN 0 AND capacity

UNION ALL
SELECT 'an appointment has more than one resident', slot_id::text
FROM booking.booking b JOIN booking.slot s ON s.id = b.slot_id
WHERE s.kind = 'appointment' AND b.accompanies IS NULL
  AND b.status IN ('held', 'confirmed', 'attended', 'no_show')
GROUP BY slot_id HAVING count(*) > 1

-- The resident stands before a door that nobody will open.
UNION ALL
SELECT 'a live booking is in a time that is off', b.id::text
FROM booking.booking b JOIN booking.slot s ON s.id = b.slot_id
WHERE b.status IN ('applied', 'waiting', 'offered', 'held', 'confirmed') AND s.state <> 'open'

UNION ALL
SELECT 'somebody comes along with one who does not come', c.id::text
FROM booking.booking c JOIN booking.booking b ON b.id = c.accompanies
WHERE c.status IN ('held', 'confirmed') AND b.status NOT IN ('held', 'confirmed', 'attended', 'no_show')

UNION ALL
SELECT 'somebody comes along to another time', c.id::text
FROM booking.booking c JOIN booking.booking b ON b.id = c.accompanies
WHERE c.status IN ('held', 'confirmed') AND c.slot_id <> b.slot_id

-- Groups: who comes, who waits, and what is offered to whom.
UNION ALL
SELECT 'a seat in a group was taken without enrolling', b.id::text
FROM booking.booking b JOIN booking.slot s ON s.id = b.slot_id
LEFT JOIN booking.enrolment e ON e.id = b.enrolment_id
WHERE b.status IN ('applied', 'waiting', 'offered', 'held', 'confirmed') AND s.group_id IS NOT NULL
  AND e.group_id IS DISTINCT FROM s.group_id

UNION ALL
SELECT 'a place is offered without an end', b.id::text
FROM booking.booking b JOIN booking.enrolment e ON e.id = b.enrolment_id
LEFT JOIN booking.enrolment m ON m.id = e.accompanies
WHERE b.status = 'offered' AND b.held_until IS DISTINCT FROM coalesce(m.offered_until, e.offered_until)

UNION ALL
SELECT 'an offer goes on of which nothing is left', e.id::text
FROM booking.enrolment e
WHERE e.offered_until IS NOT NULL AND NOT EXISTS (
    SELECT FROM booking.enrolment m JOIN booking.booking b ON b.enrolment_id = m.id
    WHERE (m.id = e.id OR m.accompanies = e.id) AND b.status = 'offered')

UNION ALL
SELECT 'those who come together do not wait together', c.id::text
FROM booking.booking c JOIN booking.booking b ON b.id = c.accompanies
WHERE c.enrolment_id IS NOT NULL AND c.status IN ('applied', 'waiting', 'offered') AND b.status <> c.status

-- An empty chair while somebody waits whom it would suit. A list closes 25 minutes before the start, and a
-- closed group's with its first session. The hour is that of the last change, which a test's clock may set.
UNION ALL
SELECT 'a party waits for places that are free', waits.id::text
FROM (
    SELECT m.id, bool_and(wish.people <= s.capacity - s.taken) AS fits, g.is_open, g.id AS group_id,
           max(hour.at) AS at
    FROM (SELECT coalesce(e.accompanies, e.id) AS id, b.slot_id, count(*) AS people
          FROM booking.enrolment e JOIN booking.booking b ON b.enrolment_id = e.id
          WHERE b.status = 'waiting' GROUP BY 1, 2) wish
    JOIN booking.enrolment m ON m.id = wish.id
    JOIN booking.peer_group g ON g.id = m.group_id
    JOIN booking.slot s ON s.id = wish.slot_id
    CROSS JOIN (SELECT max(at) AS at FROM booking.booking_change) hour
    WHERE NOT g.is_open OR s.starts_at > hour.at + interval '25 minutes'
    GROUP BY m.id, g.is_open, g.id
) waits
WHERE waits.fits AND (waits.is_open OR waits.at + interval '25 minutes' < (
    SELECT min(f.starts_at) FROM booking.slot f WHERE f.group_id = waits.group_id AND f.state = 'open'))

UNION ALL
SELECT 'a booking was made or changed and nobody wrote down by whom', b.id::text
FROM booking.booking b
WHERE NOT EXISTS (SELECT FROM booking.booking_change c WHERE c.booking_id = b.id)

-- What every service keeps: news to be spread, news taken in, commands answered, messages given up.
UNION ALL
SELECT 'news of ' || service || ' has not been spread for a minute', id::text
FROM (SELECT 'booking' AS service, id, created_at, published_at FROM booking.outbox
      UNION ALL SELECT 'rooms', id, created_at, published_at FROM rooms.outbox
      UNION ALL SELECT 'notify', id, created_at, published_at FROM notify.outbox
      UNION ALL SELECT 'gateway', id, created_at, published_at FROM gateway.outbox) news
WHERE published_at IS NULL AND created_at < now() - interval '1 minute'

UNION ALL
SELECT consumer || ' took in what nobody has told', event_id::text
FROM (SELECT consumer, event_id FROM booking.inbox
      UNION ALL SELECT consumer, event_id FROM rooms.inbox
      UNION ALL SELECT consumer, event_id FROM notify.inbox
      UNION ALL SELECT consumer, event_id FROM gateway.inbox) taken
WHERE NOT EXISTS (
    SELECT FROM (SELECT event_id FROM booking.outbox
                 UNION ALL SELECT event_id FROM rooms.outbox
                 UNION ALL SELECT event_id FROM notify.outbox
                 UNION ALL SELECT event_id FROM gateway.outbox) told
    WHERE told.event_id = taken.event_id)

UNION ALL
SELECT consumer || ' has given up on news', event_id
FROM (SELECT consumer, event_id, settled_at FROM booking.dead_letter
      UNION ALL SELECT consumer, event_id, settled_at FROM rooms.dead_letter
      UNION ALL SELECT consumer, event_id, settled_at FROM notify.dead_letter
      UNION ALL SELECT consumer, event_id, settled_at FROM gateway.dead_letter) letter
WHERE settled_at IS NULL

UNION ALL
SELECT 'a command of ' || service || ' has a key and no answer', key
FROM (SELECT 'booking' AS service, key, reply FROM booking.command
      UNION ALL SELECT 'rooms', key, reply FROM rooms.command
      UNION ALL SELECT 'notify', key, reply FROM notify.command
      UNION ALL SELECT 'gateway', key, reply FROM gateway.command) answered
WHERE reply IS NULL
