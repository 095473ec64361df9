#!/bin/sh
# Run once by the database container on an empty volume: roles and database of every service, from the statements that
# `make run` uses as well. The passwords come from the environment and are not shown on any command line.
set -eu
statements=${STATEMENTS:-/etc/tandem}

for service in gateway planning coordination reporting; do
    prefix=TANDEM_$(echo "$service" | tr '[:lower:]' '[:upper:]')
    run() {
        psql --no-psqlrc --quiet --output=/dev/null --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$1" \
            --set=service="$service" --set=owner="${service}_owner" --set=background="${service}_background" \
            --set=database="tandem_$service" \
            --command="\\getenv service_password ${prefix}_PASSWORD" \
            --command="\\getenv owner_password ${prefix}_OWNER_PASSWORD" \
            --file="$2"
    }
    run postgres "$statements/roles.sql"
    createdb --username="$POSTGRES_USER" --maintenance-db=postgres --owner="${service}_owner" "tandem_$service"
    run "tandem_$service" "$statements/database.sql"
done
