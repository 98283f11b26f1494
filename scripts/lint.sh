#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
cargo clippy --workspace --all-targets -- -D warnings
scripts/deny.sh bans licenses sources

# cargo-deny looks at the platforms we ship for; this looks at all.
if cargo tree --workspace --edges normal,build,dev --target all --prefix none --format '{p}' |
  grep -E '^(actix-governor|aws-lc-rs|aws-lc-sys|native-tls|openssl|openssl-sys) '; then
  echo "the crates above must not be in the tree; see deny.toml" >&2
  exit 1
fi

if command -v shellcheck >/dev/null; then
  shellcheck scripts/*.sh .ci/run
else
  echo "shellcheck is not installed: the shell scripts were not checked"
fi
