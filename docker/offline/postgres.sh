#!/usr/bin/env bash
# What the image `postgres` does at its start: makes the user and the database once, then serves.
set -euo pipefail
export PGDATA=/var/lib/postgresql/data
if [ ! -f "$PGDATA/PG_VERSION" ]; then
  initdb -E UTF8 --locale=C -A scram-sha-256 -U "${POSTGRES_USER:-postgres}" --pwfile <(echo "$POSTGRES_PASSWORD")
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  database=${POSTGRES_DB:-${POSTGRES_USER:-postgres}}
  [ "$database" = postgres ] || echo "CREATE DATABASE \"$database\"" | postgres --single -j postgres
fi
exec "$@" -c listen_addresses='*'
