-- What is said of a group is said of one person's whole enrolment: many bookings, one message. A change of
-- it tells of everything that has happened since `since`, so that several changes make one message.
-- Words of those who lead a group are passed on to who comes.
ALTER TABLE meeting ADD COLUMN enrolment_id uuid;

ALTER TABLE message
    ADD COLUMN enrolment_id    uuid,
    ADD COLUMN since           timestamptz,
    ADD COLUMN announcement_id uuid,
    ADD CONSTRAINT message_change_since CHECK (kind <> 'group_change' OR since IS NOT NULL);
CREATE INDEX message_enrolment_idx ON message (enrolment_id, kind) WHERE enrolment_id IS NOT NULL;
