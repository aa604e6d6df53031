-- A resident who stands before a door that does not open for them must be seen by the host. Since
-- when is kept with the person, apart from where they are: whoever asks for help and then puts the
-- phone away still needs it.
ALTER TABLE participant ADD COLUMN help_asked_at timestamptz;

ALTER TABLE attendance DROP CONSTRAINT attendance_what_known;
ALTER TABLE attendance ADD CONSTRAINT attendance_what_known
    CHECK (what IN ('waiting', 'joined', 'left', 'help'));
