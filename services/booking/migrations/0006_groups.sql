-- Remote groups: their series, who leads them, who enrols and who waits. A session of a group is a slot,
-- and each person's place in it a booking. Whatever moves a group's seats first locks the group's row:
-- order on the waiting list and "never two offers for one seat" follow from that, and the guards of
-- capacity hold underneath as they do for everything else.

ALTER TABLE peer_group
    ADD COLUMN kind          text NOT NULL DEFAULT 'group',
    ADD COLUMN whole_series  boolean NOT NULL DEFAULT false,
    ADD COLUMN by_acceptance boolean NOT NULL DEFAULT false,
    ADD COLUMN room_limit    integer,
    ADD COLUMN series        jsonb,
    ADD COLUMN ended_at      timestamptz,
    ADD CONSTRAINT peer_group_kind CHECK (kind IN ('group', 'event')),
    ADD CONSTRAINT peer_group_room_limit CHECK (room_limit BETWEEN capacity AND 2000);
CREATE INDEX peer_group_theme_idx ON peer_group (theme_id, id) WHERE ended_at IS NULL;

-- The first in `position` hosts new sessions, the others co-host them.
CREATE TABLE group_facilitator (
    group_id  uuid NOT NULL REFERENCES peer_group,
    person_id uuid NOT NULL REFERENCES person,
    position  smallint NOT NULL,
    CONSTRAINT group_facilitator_once PRIMARY KEY (group_id, person_id)
);
CREATE INDEX group_facilitator_person_idx ON group_facilitator (person_id);

-- Experts and coordinators are trained by profession; for a volunteer a coordinator says so.
ALTER TABLE person
    ADD COLUMN trained boolean NOT NULL DEFAULT false,
    ADD COLUMN themes  text[] NOT NULL DEFAULT '{}';

-- `series_start` is where the rule put a session, which a moved one keeps. Whoever publishes a time of
-- their own has promised to come; a session's host is asked. `told_missing_at`: participants were told
-- that nobody will open it. `asked_round` counts the times somebody was asked.
ALTER TABLE slot
    ADD COLUMN series_start    timestamptz,
    ADD COLUMN staffing        text NOT NULL DEFAULT 'accepted',
    ADD COLUMN version         integer NOT NULL DEFAULT 1,
    ADD COLUMN moved_at        timestamptz,
    ADD COLUMN asked_round     integer NOT NULL DEFAULT 0,
    ADD COLUMN asked_at        timestamptz,
    ADD COLUMN alerted_at      timestamptz,
    ADD COLUMN told_missing_at timestamptz,
    ADD COLUMN attendance_at   timestamptz,
    ADD CONSTRAINT slot_staffing_known
        CHECK (staffing IN ('asked', 'accepted', 'stand_in_wanted', 'needs_host')),
    ADD CONSTRAINT slot_staffing_of_groups CHECK (staffing = 'accepted' OR group_id IS NOT NULL);
CREATE UNIQUE INDEX slot_once_per_series ON slot (group_id, series_start) WHERE state = 'open';
CREATE INDEX slot_unstaffed_idx ON slot (starts_at, id)
    WHERE state = 'open' AND staffing <> 'accepted' AND group_id IS NOT NULL;

-- Those who open a session together with its host. The times are the slot's, kept beside it so that
-- nobody can be in two places.
CREATE TABLE co_host (
    slot_id     uuid NOT NULL REFERENCES slot,
    person_id   uuid NOT NULL REFERENCES person,
    accepted_at timestamptz,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    live        boolean NOT NULL DEFAULT true,
    CONSTRAINT co_host_once PRIMARY KEY (slot_id, person_id),
    CONSTRAINT co_host_no_overlap EXCLUDE USING gist (
        int8range(uuid_hash_extended(person_id, 0), uuid_hash_extended(person_id, 0), '[]') WITH =,
        tstzrange(starts_at, ends_at) WITH &&
    ) WHERE (live AND accepted_at IS NOT NULL)
);
CREATE INDEX co_host_person_idx ON co_host (person_id, starts_at);

-- Those who have been asked to stand in for a session's host, in which round.
CREATE TABLE stand_in_asked (
    slot_id   uuid NOT NULL REFERENCES slot,
    person_id uuid NOT NULL REFERENCES person,
    round     integer NOT NULL,
    asked_at  timestamptz NOT NULL,
    CONSTRAINT stand_in_asked_once PRIMARY KEY (slot_id, person_id)
);

-- One person's coming to a group, for one session or all. `place` is the order on the waiting list, which
-- is by the party: whoever comes along has no place of their own.
CREATE TABLE enrolment (
    id            uuid PRIMARY KEY,
    group_id      uuid NOT NULL REFERENCES peer_group,
    whole_series  boolean NOT NULL,
    accompanies   uuid REFERENCES enrolment,
    place         bigint GENERATED ALWAYS AS IDENTITY,
    offered_until timestamptz,
    walked_in     boolean NOT NULL DEFAULT false,
    left_at       timestamptz,
    created_at    timestamptz NOT NULL,
    CONSTRAINT enrolment_place_once UNIQUE (place)
);
CREATE INDEX enrolment_group_idx ON enrolment (group_id, place);
CREATE INDEX enrolment_accompanies_idx ON enrolment (accompanies) WHERE accompanies IS NOT NULL;
CREATE INDEX enrolment_offered_idx ON enrolment (offered_until) WHERE offered_until IS NOT NULL;

-- An offered seat is taken, one that is waited for is not.
ALTER TABLE booking
    ADD COLUMN enrolment_id uuid REFERENCES enrolment,
    ADD COLUMN walked_in boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT booking_status_known,
    DROP CONSTRAINT booking_reachable,
    ADD CONSTRAINT booking_status_known CHECK (status IN ('applied', 'waiting', 'offered', 'held',
        'confirmed', 'attended', 'no_show', 'cancelled', 'expired')),
    ADD CONSTRAINT booking_reachable CHECK (walked_in OR num_nonnulls(email, phone) >= 1),
    ADD CONSTRAINT booking_waits_for_group CHECK
        (status NOT IN ('applied', 'waiting', 'offered') OR enrolment_id IS NOT NULL);
CREATE INDEX booking_enrolment_idx ON booking (enrolment_id) WHERE enrolment_id IS NOT NULL;
CREATE UNIQUE INDEX booking_enrolment_slot_once ON booking (enrolment_id, slot_id)
    WHERE enrolment_id IS NOT NULL;
CREATE INDEX booking_waiting_idx ON booking (slot_id)
    WHERE status IN ('applied', 'waiting', 'offered');

-- Words of those who lead a session to those who come, kept until the session is over.
CREATE TABLE announcement (
    id       uuid PRIMARY KEY,
    group_id uuid NOT NULL REFERENCES peer_group,
    slot_id  uuid REFERENCES slot,
    by_id    uuid NOT NULL REFERENCES person,
    words    text NOT NULL CONSTRAINT announcement_words CHECK (length(words) BETWEEN 1 AND 2000),
    made_at  timestamptz NOT NULL,
    until    timestamptz NOT NULL
);
CREATE INDEX announcement_group_idx ON announcement (group_id, made_at);
CREATE INDEX announcement_until_idx ON announcement (until);
