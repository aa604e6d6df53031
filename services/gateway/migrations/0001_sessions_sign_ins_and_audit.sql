-- What the gateway keeps for itself: who is signed in, who wants to be, and who has looked at
-- or changed what is somebody's own. Nothing here can be turned into a way in: sessions and
-- sign-in links are kept as digests, and a typed address only until its mail is written.

CREATE TABLE session (
    digest     bytea PRIMARY KEY,
    person_id  uuid NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    CONSTRAINT session_digest_is_sha256 CHECK (octet_length(digest) = 32)
);
CREATE INDEX session_seen_at_idx ON session (seen_at);

CREATE TABLE sign_in (
    id           uuid PRIMARY KEY,
    requested_at timestamptz NOT NULL,
    email        text,
    person_id    uuid,
    token_digest bytea,
    expires_at   timestamptz,
    used_at      timestamptz,
    CONSTRAINT sign_in_one_token UNIQUE (token_digest),
    CONSTRAINT sign_in_address_or_person CHECK (email IS NULL OR person_id IS NULL),
    CONSTRAINT sign_in_token_ends CHECK ((token_digest IS NULL) = (expires_at IS NULL))
);
CREATE INDEX sign_in_requested_at_idx ON sign_in (requested_at);

CREATE TABLE audit (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor_id   uuid NOT NULL,
    action     text NOT NULL,
    booking_id uuid,
    person_id  uuid,
    slot_id    uuid,
    request_id text NOT NULL
);

-- The trail is written and read, never mended. Rows leave it by an operator's hand when their time is over.
REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM gateway;
