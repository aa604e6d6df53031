-- What is said once from what is said again is told by the second in which it happened, which from January 2038 on
-- is more than an integer holds. The table is written anew.
ALTER TABLE message ALTER COLUMN occasion TYPE bigint;
