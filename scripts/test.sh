#!/usr/bin/env bash
# Everything that must pass. Cheap checks stop at once; of the tests all are run before it ends.
set -euo pipefail
cd "$(dirname "$0")/.."

# The tests say themselves how a server is configured.
for name in $(compgen -e CENTRALITA_ || true); do unset "$name"; done

scripts/packages.sh
scripts/web.sh build
scripts/lint.sh

# Tests of the running server wait more than they compute.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(nproc) * 3))}

servers=(scripts/postgres.sh)
if [[ $EUID -eq 0 ]]; then
  servers+=(scripts/mail.sh)
else
  echo "only root can start mail servers: the tests with real ones are left out, in Rust and in the browser (mail-real.test.ts)"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
"${servers[@]}" cargo test --workspace --no-fail-fast 2>&1 | tee "$log" || status=1

# With all targets, dependencies have the features that the tests gave them and are not compiled a second time.
cargo build --workspace --all-targets
# A few rounds of the crash loop; `make long` has the long ones.
target/debug/loadtests crash --cycles 3 || status=1
# shellcheck disable=SC2016 # the variable is the inner shell's
scripts/postgres.sh bash -c 'exec target/debug/loadtests crash --cycles 3 --database "$CENTRALITA_TEST_POSTGRES"' || status=1
# Backups under traffic, restored, and audited like after a crash.
target/debug/loadtests crash --backup 2 || status=1
# shellcheck disable=SC2016 # the variable is the inner shell's
scripts/postgres.sh bash -c 'exec target/debug/loadtests crash --backup 2 --database "$CENTRALITA_TEST_POSTGRES"' || status=1
# With mail servers of their own: nothing of the tests before lies in their mailboxes.
browsers=()
if [[ $EUID -eq 0 ]]; then browsers=(scripts/mail.sh); fi
CENTRALITA_TEST_BINARY=$PWD/target/debug/centralita CHROMIUM=$(command -v chromium || true) \
  "${browsers[@]}" scripts/web.sh test 2>&1 | tee -a "$log" || status=1

# One line over all runners: cargo's, Vitest's and Node's ways to say it.
sed 's/\x1b\[[0-9;]*m//g' "$log" | awk '
  function add(word, n) { if (word ~ /^pass/) passed += n; else if (word ~ /^fail/) failed += n; else if (word ~ /^(ignored|skip)/) skipped += n }
  /^test result: / || /^ *Tests  / { for (i = 2; i <= NF; i++) if ($i ~ /^(passed|failed|ignored|skipped)/) add($i, $(i - 1)) }
  /^(#|ℹ) (pass|fail|skipped) [0-9]+$/ { add($2, $3) }
  END { printf "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped }'
exit "$status"
