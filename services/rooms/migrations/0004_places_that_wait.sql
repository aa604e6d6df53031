-- A booking may have no seat yet and get one later: who waits for a seat of a group is not let in, and is
-- let in once the seat is theirs. Only an end is final.
ALTER TABLE place ADD COLUMN ended boolean NOT NULL DEFAULT false;
UPDATE place SET ended = true WHERE NOT live;
