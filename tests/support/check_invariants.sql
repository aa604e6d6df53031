-- What must hold at every moment, whatever was raced, killed or lost before. One row for each thing that
-- is broken: none is what everybody wants to see.

-- Somebody is to be in two meetings at once.
SELECT 'two open times of one host overlap' AS broken, a.id::text AS what
FROM booking.slot a JOIN booking.slot b ON a.host_id = b.host_id AND a.id < b.id
WHERE a.state = 'open' AND b.state = 'open'
  AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)

UNION ALL
SELECT 'a seat count is not the seats of its live bookings', s.id::text
FROM booking.slot s
WHERE s.taken <> (
    SELECT coalesce(sum(b.seats), 0) FROM booking.booking b
    WHERE b.slot_id = s.id AND b.status IN ('held', 'confirmed', 'attended', 'no_show'))

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
WHERE b.status IN ('held', 'confirmed') AND s.state <> 'open'

UNION ALL
SELECT 'somebody comes along with one who does not come', c.id::text
FROM booking.booking c JOIN booking.booking b ON b.id = c.accompanies
WHERE c.status IN ('held', 'confirmed') AND b.status NOT IN ('held', 'confirmed', 'attended', 'no_show')

UNION ALL
SELECT 'somebody comes along to another time', c.id::text
FROM booking.booking c JOIN booking.booking b ON b.id = c.accompanies
WHERE c.status IN ('held', 'confirmed') AND c.slot_id <> b.slot_id

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
