-- A session of a group may be opened by several, who change; its room takes a number of its own; and
-- among many people two have the same name, or one has to be sent out.

-- `hosts`: who may open it, told with the session's own `slot_version`; null where that was never told,
-- and then `host_id` alone may.
ALTER TABLE room
    ADD COLUMN hosts        uuid[],
    ADD COLUMN room_limit   integer,
    ADD COLUMN slot_version integer NOT NULL DEFAULT 0;

-- `stands_in`: opened the room as a coordinator, whoever its hosts are. A name itself is not kept: a keyed
-- digest of it tells that two are alike, and the number tells them apart. Who is removed stays away.
ALTER TABLE participant
    ADD COLUMN stands_in   boolean NOT NULL DEFAULT false,
    ADD COLUMN name_digest bytea,
    ADD COLUMN name_number integer,
    ADD COLUMN removed_at  timestamptz,
    ADD CONSTRAINT participant_name_once UNIQUE (slot_id, name_digest, name_number),
    ADD CONSTRAINT participant_name_whole CHECK ((name_digest IS NULL) = (name_number IS NULL)),
    ADD CONSTRAINT participant_removed_away CHECK (removed_at IS NULL OR presence = 'away');
