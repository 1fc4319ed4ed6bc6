#!/bin/sh
# Run by the admin-tools image before each start of the server: brings both of Temporal's databases up to its version.
set -eu

migrate() {
  database=$1
  folder=$2
  tool="temporal-sql-tool --plugin postgres12 --endpoint $POSTGRES_SEEDS --port $DB_PORT --user $POSTGRES_USER"
  # SQL_PASSWORD is read from the environment. The base schema can be laid once only; its version says if it was.
  $tool --database "$database" setup-schema --version 0.0 || echo "$database has its base schema already"
  $tool --database "$database" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$folder/versioned"
}

migrate temporal temporal
migrate temporal_visibility visibility
