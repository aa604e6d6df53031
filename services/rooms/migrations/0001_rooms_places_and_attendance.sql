-- What must be known to decide alone who may enter which room, and when: the rooms of slots, the
-- places of bookings in them, and who is waiting or inside. No name, address or topic has a column.

-- One room for each slot. Its name in Jitsi says nothing and cannot be guessed.
-- `known_at` is when its owner last told of the slot: older news changes nothing.
CREATE TABLE room (
    slot_id   uuid,
    name      text NOT NULL,
    host_id   uuid NOT NULL,
    kind      text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    known_at  timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT room_pkey PRIMARY KEY (slot_id),
    CONSTRAINT room_name_once UNIQUE (name),
    CONSTRAINT room_name_plain CHECK (name ~ '^[a-z0-9-]{26,64}$'),
    CONSTRAINT room_ends_after_start CHECK (ends_at > starts_at)
);
CREATE INDEX room_ends_at_idx ON room (ends_at);

-- A slot that is off stays off. A table of its own, since the news may come before any other news
-- of the slot, when there is no room yet to write it on.
CREATE TABLE called_off (
    slot_id uuid,
    at      timestamptz NOT NULL,
    CONSTRAINT called_off_pkey PRIMARY KEY (slot_id)
);

-- `version` is the booking's own: of two pieces of news the one with the higher version is true.
CREATE TABLE place (
    booking_id   uuid,
    slot_id      uuid NOT NULL,
    live         boolean NOT NULL,
    link_version integer NOT NULL,
    version      integer NOT NULL,
    CONSTRAINT place_pkey PRIMARY KEY (booking_id),
    CONSTRAINT place_slot_id_fkey FOREIGN KEY (slot_id) REFERENCES room ON DELETE CASCADE
);
CREATE INDEX place_slot_id_idx ON place (slot_id);

-- A person in one room: a booking, or one who serves. `participant_id` is all that Jitsi and the
-- others in the room are told, and means nothing in any other room.
CREATE TABLE participant (
    participant_id uuid,
    slot_id        uuid NOT NULL,
    who_id         uuid NOT NULL,
    hosts          boolean NOT NULL,
    presence       text NOT NULL,
    since          timestamptz NOT NULL,
    CONSTRAINT participant_pkey PRIMARY KEY (participant_id),
    CONSTRAINT participant_once UNIQUE (slot_id, who_id),
    CONSTRAINT participant_slot_id_fkey FOREIGN KEY (slot_id) REFERENCES room ON DELETE CASCADE,
    CONSTRAINT participant_presence_known CHECK (presence IN ('away', 'waiting', 'joined'))
);
CREATE INDEX participant_who_idx ON participant (who_id);
CREATE INDEX participant_hosting_idx ON participant (slot_id) WHERE hosts AND presence = 'joined';
CREATE INDEX participant_waiting_idx ON participant (slot_id) WHERE NOT hosts AND presence = 'waiting';

-- What was seen, by our own page or by Jitsi. `connection` is a digest of Jitsi's address of one
-- connection; the same news of it may come twice.
CREATE TABLE attendance (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    participant_id uuid NOT NULL,
    source         text NOT NULL,
    what           text NOT NULL,
    connection     bytea,
    at             timestamptz NOT NULL,
    CONSTRAINT attendance_pkey PRIMARY KEY (id),
    CONSTRAINT attendance_connection_once UNIQUE (participant_id, connection, what),
    CONSTRAINT attendance_participant_id_fkey
        FOREIGN KEY (participant_id) REFERENCES participant ON DELETE CASCADE,
    CONSTRAINT attendance_source_known CHECK (source IN ('page', 'jitsi')),
    CONSTRAINT attendance_what_known CHECK (what IN ('waiting', 'joined', 'left')),
    CONSTRAINT attendance_connection_by_jitsi CHECK ((source = 'jitsi') = (connection IS NOT NULL))
);
