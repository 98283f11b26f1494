#!/usr/bin/env bash
# Builds and shows the demo on loopback. The first start makes it; every start prints who can sign in. Erase it in the console, or
# with `centralita demo --erase`. What is in earnest begins with `centralita user create` and `centralita serve`.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build.sh

export CENTRALITA_LISTEN=${CENTRALITA_LISTEN:-127.0.0.1:8080}
export CENTRALITA_DATA_DIR=${CENTRALITA_DATA_DIR:-data}

exec target/release/centralita demo "$@"
