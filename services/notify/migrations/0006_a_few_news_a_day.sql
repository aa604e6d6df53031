-- Of news of groups a person gets at most three a day, however many groups they are in. A person is whoever is
-- reached at one address: `person` is a keyed digest of it, which nobody can read, and is forgotten when the day
-- is over.
CREATE TABLE told (
    person     uuid NOT NULL,
    day        date NOT NULL,
    place      smallint NOT NULL CONSTRAINT told_few CHECK (place BETWEEN 1 AND 3),
    message_id uuid NOT NULL CONSTRAINT told_message REFERENCES message (id) ON DELETE CASCADE,
    CONSTRAINT told_pkey PRIMARY KEY (person, day, place),
    CONSTRAINT told_once UNIQUE (message_id)
);
CREATE INDEX told_day_idx ON told (day);

-- What is held back for lack of a place goes out together with the next that has one.
CREATE TABLE held (
    message_id uuid NOT NULL CONSTRAINT held_pkey PRIMARY KEY
        CONSTRAINT held_message REFERENCES message (id) ON DELETE CASCADE,
    person     uuid NOT NULL
);
CREATE INDEX held_person_idx ON held (person);
