-- Two coordinators may have one person's page open at once: a change says which version it was made from.

ALTER TABLE person ADD COLUMN version integer NOT NULL DEFAULT 1;
