-- Two coordinators may have one group open at once: a change says which version it was made from.

ALTER TABLE peer_group ADD COLUMN version integer NOT NULL DEFAULT 1;
