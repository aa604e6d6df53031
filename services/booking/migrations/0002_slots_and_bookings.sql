-- Published times and who has a seat in them. The rules of the domain stand here again as
-- constraints: the rule gives the reason, the constraint settles the race.

CREATE TABLE peer_group (
    id              uuid PRIMARY KEY,
    name_fi         text NOT NULL,
    name_sv         text NOT NULL,
    name_en         text NOT NULL,
    description_fi  text NOT NULL,
    description_sv  text NOT NULL,
    description_en  text NOT NULL,
    is_open         boolean NOT NULL,
    theme_id        text NOT NULL REFERENCES theme,
    organisation_id uuid NOT NULL REFERENCES organisation,
    languages       text[] NOT NULL,
    capacity        integer NOT NULL CONSTRAINT peer_group_capacity CHECK (capacity BETWEEN 2 AND 1000),
    created_at      timestamptz NOT NULL
);

-- Weekly hours as the host chose them, in wall-clock time. `made_until` is the last day for
-- which slots have been made.
CREATE TABLE reception (
    id            uuid PRIMARY KEY,
    host_id       uuid NOT NULL REFERENCES person,
    theme_id      text NOT NULL REFERENCES theme,
    time_zone     text NOT NULL,
    weekday       smallint NOT NULL CONSTRAINT reception_weekday CHECK (weekday BETWEEN 1 AND 7),
    starts        time NOT NULL,
    ends          time NOT NULL,
    slot_minutes  integer NOT NULL CONSTRAINT reception_slot_minutes CHECK (slot_minutes BETWEEN 5 AND 480),
    gap_minutes   integer NOT NULL CONSTRAINT reception_gap_minutes CHECK (gap_minutes BETWEEN 0 AND 240),
    valid_from    date NOT NULL,
    valid_until   date,
    languages     text[] NOT NULL,
    notice_hours  integer NOT NULL CONSTRAINT reception_notice CHECK (notice_hours BETWEEN 0 AND 720),
    horizon_days  integer NOT NULL CONSTRAINT reception_horizon CHECK (horizon_days BETWEEN 1 AND 400),
    skip_holidays boolean NOT NULL,
    exceptions    jsonb NOT NULL,
    made_until    date,
    removed_at    timestamptz,
    created_at    timestamptz NOT NULL,
    CONSTRAINT reception_hours CHECK (ends > starts),
    CONSTRAINT reception_validity CHECK (valid_until >= valid_from)
);
CREATE INDEX reception_host_idx ON reception (host_id, id) WHERE removed_at IS NULL;
CREATE INDEX reception_made_until_idx ON reception (made_until) WHERE removed_at IS NULL;

CREATE TABLE slot (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL
        CONSTRAINT slot_kind_known CHECK (kind IN ('appointment', 'group', 'drop_in', 'event')),
    state          text NOT NULL DEFAULT 'open'
        CONSTRAINT slot_state_known CHECK (state IN ('open', 'cancelled', 'withdrawn')),
    host_id        uuid NOT NULL REFERENCES person,
    theme_id       text NOT NULL REFERENCES theme,
    reception_id   uuid REFERENCES reception,
    group_id       uuid REFERENCES peer_group,
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    local_start    timestamp NOT NULL,
    time_zone      text NOT NULL,
    languages      text[] NOT NULL,
    capacity       integer NOT NULL,
    taken          integer NOT NULL DEFAULT 0,
    bookable_until timestamptz NOT NULL,
    cancel_reason  text,
    created_at     timestamptz NOT NULL,
    CONSTRAINT slot_ends_after_start CHECK (ends_at > starts_at),
    CONSTRAINT slot_seats CHECK (taken BETWEEN 0 AND capacity),
    CONSTRAINT slot_capacity CHECK (capacity BETWEEN 1 AND 1000),
    CONSTRAINT slot_appointment_for_one CHECK (kind <> 'appointment' OR capacity = 1),
    -- The host's id as a number, since ranges of it need no extension. Two hosts with the same
    -- number would only be kept from overlapping with each other; there are 2^64 numbers.
    CONSTRAINT slot_no_overlap EXCLUDE USING gist (
        int8range(uuid_hash_extended(host_id, 0), uuid_hash_extended(host_id, 0), '[]') WITH =,
        tstzrange(starts_at, ends_at) WITH &&
    ) WHERE (state = 'open')
);
CREATE UNIQUE INDEX slot_once_per_rule ON slot (reception_id, starts_at) WHERE state <> 'withdrawn';
CREATE INDEX slot_free_idx ON slot (starts_at, id) WHERE state = 'open' AND taken < capacity;
CREATE INDEX slot_free_theme_idx ON slot (theme_id, starts_at, id) WHERE state = 'open' AND taken < capacity;
CREATE INDEX slot_host_idx ON slot (host_id, starts_at, id);
CREATE INDEX slot_group_idx ON slot (group_id, starts_at) WHERE group_id IS NOT NULL;

-- One person's seat. `seats` is 0 for one who comes along to an appointment.
CREATE TABLE booking (
    id                uuid PRIMARY KEY,
    slot_id           uuid NOT NULL REFERENCES slot,
    status            text NOT NULL CONSTRAINT booking_status_known CHECK
        (status IN ('held', 'confirmed', 'attended', 'no_show', 'cancelled', 'expired')),
    seats             smallint NOT NULL CONSTRAINT booking_seats CHECK (seats IN (0, 1)),
    accompanies       uuid REFERENCES booking,
    comes_as          text,
    display_name      text NOT NULL,
    email             text,
    phone             text,
    language          text NOT NULL CONSTRAINT booking_language CHECK (language IN ('fi', 'sv', 'en')),
    municipality      text,
    age_group         text,
    note              text,
    version           integer NOT NULL DEFAULT 1,
    link_version      integer NOT NULL DEFAULT 1,
    sequence          integer NOT NULL DEFAULT 0,
    held_until        timestamptz,
    cancelled_by      text CONSTRAINT booking_cancelled_by CHECK
        (cancelled_by IN ('resident', 'host', 'coordinator')),
    cancel_reason     text,
    joined_at         timestamptz,
    feedback_given_at timestamptz,
    created_at        timestamptz NOT NULL,
    changed_at        timestamptz NOT NULL,
    CONSTRAINT booking_reachable CHECK (num_nonnulls(email, phone) >= 1),
    CONSTRAINT booking_hold_ends CHECK (status <> 'held' OR held_until IS NOT NULL),
    CONSTRAINT booking_companion_has_role CHECK ((accompanies IS NULL) = (comes_as IS NULL))
);
CREATE INDEX booking_slot_idx ON booking (slot_id);
CREATE INDEX booking_accompanies_idx ON booking (accompanies) WHERE accompanies IS NOT NULL;
CREATE INDEX booking_held_until_idx ON booking (held_until) WHERE status = 'held';
CREATE INDEX booking_email_idx ON booking (lower(email)) WHERE email IS NOT NULL;
CREATE INDEX booking_phone_idx ON booking (phone) WHERE phone IS NOT NULL;

-- Who changed a booking, how and when.
CREATE TABLE booking_change (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    booking_id   uuid NOT NULL REFERENCES booking,
    what         text NOT NULL,
    by_kind      text NOT NULL,
    by_id        uuid,
    from_slot_id uuid,
    at           timestamptz NOT NULL
);
CREATE INDEX booking_change_booking_idx ON booking_change (booking_id);

-- Where a resident was guided on to, as the host noted it.
CREATE TABLE guidance (
    booking_id uuid NOT NULL REFERENCES booking,
    service    text NOT NULL,
    CONSTRAINT guidance_once PRIMARY KEY (booking_id, service)
);

-- "Send me my links again": kept until the mail is written, then forgotten.
CREATE TABLE link_request (
    id           uuid PRIMARY KEY,
    email        text,
    phone        text,
    booking_id   uuid,
    requested_at timestamptz NOT NULL
);

-- Answers without a trace of who gave them: no booking, and the day instead of the moment.
CREATE TABLE feedback (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    given_on          date NOT NULL,
    kind              text NOT NULL,
    theme_id          text NOT NULL,
    organisation_id   uuid,
    useful            smallint CONSTRAINT feedback_useful CHECK (useful BETWEEN 1 AND 5),
    easier_to_find    smallint CONSTRAINT feedback_easier CHECK (easier_to_find BETWEEN 1 AND 5),
    part_of_community smallint CONSTRAINT feedback_community CHECK (part_of_community BETWEEN 1 AND 5),
    inclusion         jsonb NOT NULL,
    words             text
);
