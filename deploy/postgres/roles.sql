-- Who may do what in the database: one role and one schema per service, and a migrator that owns
-- the schemas. Run by a superuser in the database of the system, as often as one likes. Passwords
-- are set elsewhere: a role without one cannot log in. Needs PostgreSQL 17 or newer.

-- Roles and their settings belong to the whole cluster, so this part is the same whichever database
-- it runs in, and databases made from a template need nothing of their own.
DO $$
DECLARE
    service text;
BEGIN
    -- Two runs at once would trip over each other's new roles.
    LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE;

    -- A copy of a service holds nine connections at most: room for three, for a fourth while they are
    -- replaced one by one, and for somebody who looks.
    FOREACH service IN ARRAY ARRAY['booking', 'rooms', 'notify', 'gateway', 'migrator'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = service) THEN
            EXECUTE format('CREATE ROLE %I', service);
        END IF;
        EXECUTE format(
            'ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS '
            'NOINHERIT CONNECTION LIMIT 45', service);
        EXECUTE format('ALTER ROLE %I SET timezone = %L', service, 'UTC');
    END LOOP;

    -- A request must be over before the one who asked has given up.
    FOREACH service IN ARRAY ARRAY['booking', 'rooms', 'notify', 'gateway'] LOOP
        EXECUTE format('ALTER ROLE %I SET search_path = %I', service, service);
        EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', service, '3s');
        EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', service, '1s');
        -- Found out well before a lock is given up: a deadlock is repeated, a lock not had is refused.
        EXECUTE format('ALTER ROLE %I SET deadlock_timeout = %L', service, '200ms');
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', service, '10s');
        EXECUTE format('ALTER ROLE %I SET transaction_timeout = %L', service, '8s');
    END LOOP;

    -- A migration may take its time once it has its lock, but never queues the services behind it.
    ALTER ROLE migrator SET lock_timeout = '5s';
END
$$;

-- What follows lives in this database, and in every database made from it as a template
-- (except the right to connect, which CREATE DATABASE does not copy).
DO $$
DECLARE
    service text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO migrator', current_database());

    FOREACH service IN ARRAY ARRAY['booking', 'rooms', 'notify', 'gateway'] LOOP
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), service);
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION migrator', service);
        EXECUTE format('ALTER SCHEMA %I OWNER TO migrator', service);
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC, booking, rooms, notify, gateway', service);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', service, service);
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA %I '
            'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', service, service);
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA %I '
            'GRANT USAGE ON SEQUENCES TO %I', service, service);
    END LOOP;
END
$$;
