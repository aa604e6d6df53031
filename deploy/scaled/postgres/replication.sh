#!/bin/sh
# The role with which standbys follow. PostgreSQL's image runs it when the database is made; where there is one
# already, once by hand: docker compose exec postgres sh /docker-entrypoint-initdb.d/replication.sh
set -eu
secrets=${SECRETS_DIR:-/run/secrets}
PGPASSWORD=$(cat "$secrets/postgres_password")
export PGPASSWORD

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" \
    --dbname="${POSTGRES_DB:-digiaula}" <<SQL
SELECT 'CREATE ROLE replicator' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'replicator') \gexec
ALTER ROLE replicator LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 8
    PASSWORD '$(cat "$secrets/postgres_replicator_password")';
SQL

line="host replication replicator all scram-sha-256"
grep -qxF "$line" "$PGDATA/pg_hba.conf" || echo "$line" >> "$PGDATA/pg_hba.conf"
psql --no-psqlrc --quiet --username="${POSTGRES_USER:-postgres}" --dbname="${POSTGRES_DB:-digiaula}" \
    --command="SELECT pg_reload_conf()" --output=/dev/null
