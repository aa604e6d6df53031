-- Who serves, for which organisation, and by which themes residents look for help.

CREATE TABLE organisation (
    id         uuid PRIMARY KEY,
    name       text NOT NULL CONSTRAINT organisation_name_once UNIQUE,
    created_at timestamptz NOT NULL
);

-- Words are in the resident's language, ordered as they are shown.
CREATE TABLE theme (
    id       text PRIMARY KEY,
    position integer NOT NULL,
    name_fi  text NOT NULL,
    name_sv  text NOT NULL,
    name_en  text NOT NULL
);

CREATE TABLE person (
    id              uuid PRIMARY KEY,
    role            text NOT NULL
        CONSTRAINT person_role_known CHECK (role IN ('volunteer', 'expert', 'coordinator')),
    organisation_id uuid REFERENCES organisation,
    email           text NOT NULL,
    display_name    text NOT NULL,
    languages       text[] NOT NULL,
    disabled_at     timestamptz,
    created_at      timestamptz NOT NULL,
    CONSTRAINT person_expert_has_organisation CHECK (role <> 'expert' OR organisation_id IS NOT NULL)
);
CREATE UNIQUE INDEX person_email_once ON person (lower(email));
