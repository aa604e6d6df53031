-- What notify owes to whom, and what came of it. Receivers are ids here: an
-- address, a name and a link are asked for at the moment of sending and forgotten.

-- The newest that was heard of each booking: events come twice and out of order.
CREATE TABLE meeting (
    booking_id uuid CONSTRAINT meeting_pkey PRIMARY KEY,
    version    integer NOT NULL,
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    live       boolean NOT NULL
);
CREATE INDEX meeting_ends_at_idx ON meeting (ends_at);

-- `about` is a booking, a link request, a sign-in or, for an alert, a failed
-- message; `occasion` tells one change of a booking from the next. While a
-- message is being sent, `next_try_at` is the end of its worker's lease.
CREATE TABLE message (
    id          uuid CONSTRAINT message_pkey PRIMARY KEY,
    kind        text NOT NULL,
    about       uuid NOT NULL,
    occasion    integer NOT NULL,
    booking_id  uuid,
    starts_at   timestamptz,
    due_at      timestamptz NOT NULL,
    not_after   timestamptz NOT NULL,
    give_up_at  timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'planned',
    next_try_at timestamptz NOT NULL,
    worker      uuid,
    attempts    integer NOT NULL DEFAULT 0,
    channel     text,
    last_error  text,
    sent_at     timestamptz,
    CONSTRAINT message_once UNIQUE (kind, about, occasion),
    CONSTRAINT message_state CHECK (state IN ('planned', 'sending', 'sent', 'skipped', 'failed')),
    CONSTRAINT message_sending CHECK ((state = 'sending') = (worker IS NOT NULL)),
    CONSTRAINT message_sent CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX message_next_try_at_idx ON message (next_try_at) WHERE state IN ('planned', 'sending');
CREATE INDEX message_booking_id_idx ON message (booking_id);
CREATE INDEX message_due_at_idx ON message (due_at);

-- One row per attempt, for the question "what did they get, and when".
CREATE TABLE receipt (
    id         bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT receipt_pkey PRIMARY KEY,
    message_id uuid NOT NULL CONSTRAINT receipt_message REFERENCES message (id) ON DELETE CASCADE,
    at         timestamptz NOT NULL,
    outcome    text NOT NULL,
    channel    text,
    code       text
);
CREATE INDEX receipt_message_id_idx ON receipt (message_id);
