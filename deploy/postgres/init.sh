#!/bin/sh
# Roles, schemas and passwords. PostgreSQL's image runs it when the database is made; after a change
# of roles.sql or of a password it is run again:
#   docker compose exec postgres /docker-entrypoint-initdb.d/init.sh
set -eu
secrets=${SECRETS_DIR:-/run/secrets}
PGPASSWORD=$(cat "$secrets/postgres_password")
export PGPASSWORD

{
    cat "${ROLES_SQL:-/etc/digiaula/roles.sql}"
    for role in booking rooms notify gateway migrator; do
        printf "ALTER ROLE %s PASSWORD '%s';\n" "$role" "$(cat "$secrets/postgres_${role}_password")"
    done
} | psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --single-transaction \
    --username="${POSTGRES_USER:-postgres}" --dbname="${POSTGRES_DB:-digiaula}"
