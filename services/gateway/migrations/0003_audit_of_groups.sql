-- The trail also tells of which group something was done: a series set anew or a message to everybody is
-- about no single session or person.

ALTER TABLE audit ADD COLUMN group_id uuid;
