-- What is known of somebody is shown, or erased, only behind a link fresh from their contact: the one in the
-- message lies about for months. It works once and for minutes; opening it makes a second secret, for what the
-- page it opened can do. Kept are digests, for a day. And staff who do it for somebody say why.

CREATE TABLE own_data_link (
    id           uuid PRIMARY KEY,
    booking_id   uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    token_digest bytea CONSTRAINT own_data_link_one_token UNIQUE,
    key_digest   bytea CONSTRAINT own_data_link_one_key UNIQUE,
    expires_at   timestamptz,
    used_at      timestamptz,
    CONSTRAINT own_data_link_token_ends CHECK ((token_digest IS NULL) = (expires_at IS NULL)),
    CONSTRAINT own_data_link_used_once CHECK ((key_digest IS NULL) = (used_at IS NULL))
);
CREATE INDEX own_data_link_requested_at_idx ON own_data_link (requested_at);
CREATE INDEX own_data_link_booking_idx ON own_data_link (booking_id);

ALTER TABLE audit ADD COLUMN reason text;
