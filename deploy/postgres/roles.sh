#!/usr/bin/env bash
# Run once by the PostgreSQL image on an empty volume: a role and databases for each user of the server.
# Nobody but the superuser can reach a database that is not its own.
set -euo pipefail

make_role() {
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set "role=$1" --set "password=$2" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
SQL
}

make_database() {
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set "database=$1" --set "role=$2" <<'SQL'
CREATE DATABASE :"database" OWNER :"role";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
}

make_role temporal "$TEMPORAL_DB_PASSWORD"
make_database temporal temporal
make_database temporal_visibility temporal

make_role corridor "$CORRIDOR_DB_PASSWORD"
make_database corridor corridor

# The reference ERP and HRIS are systems of record of their own; without them these databases stay empty.
make_role erp "$ERP_DB_PASSWORD"
make_database erp erp
make_role hris "$HRIS_DB_PASSWORD"
make_database hris hris
