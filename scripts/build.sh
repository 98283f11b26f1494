#!/usr/bin/env bash
# The release binary. The web comes first: its files are embedded.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/web.sh build
cargo build --release --bin centralita
