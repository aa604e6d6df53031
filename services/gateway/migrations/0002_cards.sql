-- A card is for people without mail or a phone of their own: a short code typed on any computer leads to
-- the page behind the booking's link. The code itself is nowhere: only its keyed digest. One per booking,
-- so that making another makes the former useless.

CREATE TABLE card (
    booking_id   uuid PRIMARY KEY,
    link_version integer NOT NULL,
    code_mac     bytea NOT NULL,
    made_by      uuid NOT NULL,
    made_at      timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    CONSTRAINT card_code_once UNIQUE (code_mac),
    CONSTRAINT card_mac_is_sha256 CHECK (octet_length(code_mac) = 32)
);
CREATE INDEX card_expires_at_idx ON card (expires_at);

-- The trail is read by who did something and by whom or what it was about.
CREATE INDEX audit_actor_idx ON audit (actor_id, id);
CREATE INDEX audit_person_idx ON audit (person_id, id) WHERE person_id IS NOT NULL;
CREATE INDEX audit_booking_idx ON audit (booking_id, id) WHERE booking_id IS NOT NULL;
