#!/bin/sh
# Makes the passwords of deploy/compose.yaml in the folder `secrets` beside this file, once. Only root and who made it may open the folder;
# the files in it are readable by all, as each container reads them as a user of its own.
set -eu
cd "$(dirname "$0")"
if [ -e secrets ]; then
  echo "secrets.sh: $(pwd)/secrets is there already, and is never replaced" >&2
  exit 1
fi
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
umask 077
mkdir secrets
for store in clickhouse elasticsearch postgres; do random >"secrets/$store-password"; done
printf 'postgres://inframirror:%s@postgres:5432/inframirror' "$(cat secrets/postgres-password)" >secrets/postgres-url
chmod 444 secrets/*
echo "secrets.sh: $(pwd)/secrets: $(ls secrets | tr '\n' ' ')"
