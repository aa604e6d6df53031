-- What every service keeps beside its own facts: news still to be spread, news
-- already taken in, commands already answered, and messages nobody could handle.

CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     uuid NOT NULL UNIQUE,
    subject      text NOT NULL,
    body         bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
CREATE INDEX outbox_unpublished_idx ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_published_at_idx ON outbox (published_at);

-- Which incarnation of the stream the published rows went to. When the stream
-- is another one, or shorter than it was, everything kept is published again.
CREATE TABLE relay (
    stream     text PRIMARY KEY,
    created_at timestamptz NOT NULL,
    last_seq   bigint NOT NULL
);

CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_once PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_taken_at_idx ON inbox (taken_at);

-- Counted before each repetition, so that a message which ends the process is counted too.
CREATE TABLE delivery_try (
    consumer text NOT NULL,
    event_id text NOT NULL,
    tries    integer NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT delivery_try_pkey PRIMARY KEY (consumer, event_id)
);

CREATE TABLE dead_letter (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer   text NOT NULL,
    event_id   text NOT NULL,
    subject    text NOT NULL,
    body       bytea NOT NULL,
    reason     text NOT NULL,
    dead_at    timestamptz NOT NULL DEFAULT now(),
    redrive_at timestamptz,
    settled_at timestamptz,
    CONSTRAINT dead_letter_once UNIQUE (consumer, event_id)
);

CREATE TABLE command (
    scope       text NOT NULL,
    key         text NOT NULL,
    fingerprint bytea NOT NULL,
    reply       bytea,
    at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT command_once PRIMARY KEY (scope, key)
);
CREATE INDEX command_at_idx ON command (at);
