#!/usr/bin/env bash
# Builds, fills a new data directory with sample data once (which prints the passwords), and serves on loopback.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build.sh

export CENTRALITA_LISTEN=${CENTRALITA_LISTEN:-127.0.0.1:8080}
export CENTRALITA_DATA_DIR=${CENTRALITA_DATA_DIR:-data}
export CENTRALITA_DATABASE=sqlite
database=$CENTRALITA_DATA_DIR/centralita.sqlite

# Half a sample would look like a whole one the next time.
forget_half_a_sample() {
  rm -f "$database" "$database-wal" "$database-shm"
  exit 1
}

if [[ ! -e $database ]]; then
  trap forget_half_a_sample ERR INT TERM
  target/release/centralita sample
  trap - ERR INT TERM
fi

exec target/release/centralita serve
