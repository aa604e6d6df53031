-- The trail is kept for as long as its controller says, and forgotten then. The service itself still can
-- neither change nor remove a row of it: it can only ask for this, which knows no row younger than a year.

CREATE INDEX audit_at_idx ON audit (at);

CREATE FUNCTION forget_audit(before timestamptz, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
    WITH gone AS (
        DELETE FROM audit WHERE id IN (
            SELECT id FROM audit WHERE at < least(before, now() - interval '1 year')
            ORDER BY at LIMIT most FOR UPDATE SKIP LOCKED)
        RETURNING id
    )
    SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION forget_audit(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_audit(timestamptz, integer) TO gateway;
