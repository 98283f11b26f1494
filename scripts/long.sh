#!/usr/bin/env bash
# Simulations, crash and load runs of the release binary, the latter on both databases; the drivers print their own tables.
set -euo pipefail
cd "$(dirname "$0")/.."

cycles=${CYCLES:-50} rate=${RATE:-2000} secs=${SECS:-60} agents=${AGENTS:-200}

# Another database for each run.
on_both() {
  echo "== $* on SQLite"
  target/release/loadtests "$@" --database sqlite
  echo "== $* on PostgreSQL"
  # shellcheck disable=SC2016 # the variable is the inner shell's
  scripts/postgres.sh bash -c 'exec target/release/loadtests "$@" --database "$CENTRALITA_TEST_POSTGRES"' loadtests "$@"
}

cargo build --release --workspace
# A million customers against queueing theory, a hundred days under every invariant, what a decision costs as it all grows.
cargo test --release --lib -- --ignored --nocapture --test-threads 1 simulation::tests routing::tests::growth
# Two million changed mails, read within bounds.
MAIL_MUTATIONS=${MAIL_MUTATIONS:-2000000} cargo test --release --lib -- --nocapture email::understand::tests::mutations
# Twenty thousand changed mails through the whole intake, to what the console shows; others each time, which ones is printed.
export MAIL_INTAKE_STEPS=${MAIL_INTAKE_STEPS:-20000} MAIL_INTAKE_SEED=${MAIL_INTAKE_SEED:-$(date +%s)}
scripts/postgres.sh cargo test --release --lib -- --nocapture http::tests::intake
# From the mailbox to the screen (p99 at most 1.5 s); a mailbox with a backlog, beside the bare library.
if [[ $EUID -eq 0 ]]; then
  CENTRALITA_LONG=1 scripts/postgres.sh scripts/mail.sh cargo test --release --lib -- --nocapture --test-threads 1 a_mail_is_on_the_agent_s_screen_at_once
  scripts/postgres.sh scripts/mail.sh cargo test --release --lib -- --ignored --nocapture --test-threads 1 measure_a_backlog_of_ten_thousand
fi
# Mails from the outbox to a local sink, beside the bare library.
scripts/postgres.sh cargo test --release --lib -- --ignored --nocapture --test-threads 1 measure_two_thousand_mails
time target/release/centralita simulate --agents 1000 --conversations 50000 --seed 7
on_both crash --cycles "$cycles"
on_both crash --backup "$secs" --rate 1000
on_both inbound --rate "$rate" --secs "$secs" --agents "$agents"
target/release/loadtests crash --disk-full
# shellcheck disable=SC2016 # the variable is the inner shell's
scripts/postgres.sh bash -c 'exec target/release/loadtests crash --database-away 30 --database "$CENTRALITA_TEST_POSTGRES"'
target/release/loadtests herd --sockets 5000 --deaf 500 --frames 200
target/release/loadtests offers --agents 1000
