#!/usr/bin/env bash
# Simulations, proofs, crash and load runs that take too long for every change. The drivers print their own tables; at the end stands
# what took how long and what missed its bar. CYCLES, RATE, SECS, AGENTS, MAIL_MUTATIONS, MAIL_INTAKE_STEPS, MAIL_INTAKE_SEED.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

cycles=${CYCLES:-50} rate=${RATE:-2000} secs=${SECS:-60} agents=${AGENTS:-200}
export MAIL_MUTATIONS=${MAIL_MUTATIONS:-2000000}
# Others each time; which ones is printed.
export MAIL_INTAKE_STEPS=${MAIL_INTAKE_STEPS:-20000} MAIL_INTAKE_SEED=${MAIL_INTAKE_SEED:-$(date +%s)}
ulimit -n "$(ulimit -Hn)"
loadtests=target/dist/loadtests
failed=0 table=

# What it is called, then the command.
step() {
  local name=$1 start=$SECONDS result=ok
  shift
  printf '\n== %s\n' "$name"
  "$@" || { result=FAILED failed=1; }
  table+=$(printf '%-52s %5d s  %s' "$name" $((SECONDS - start)) "$result")$'\n'
}

on_sqlite() {
  step "$* on SQLite" "$loadtests" "$@" --database sqlite
}

# Another database for each run.
on_postgres() {
  # shellcheck disable=SC2016 # the variable is the inner shell's
  step "$* on PostgreSQL" scripts/postgres.sh bash -c 'exec "$@" --database "$CENTRALITA_TEST_POSTGRES"' x "$loadtests" "$@"
}

on_both() {
  on_sqlite "$@"
  on_postgres "$@"
}

# One after the other; behind it stands which.
tests=(cargo test --release --lib -- --nocapture --test-threads 1)

# As it is shipped.
cargo build --profile dist --workspace || exit 1
cargo test --release --lib --no-run || exit 1

step "queueing theory, a hundred days, what a decision costs" "${tests[@]}" --ignored simulation::tests routing::tests::growth
step "$MAIL_MUTATIONS changed mails are read within bounds" "${tests[@]}" email::understand::tests::mutations
step "$MAIL_INTAKE_STEPS changed mails to the console" scripts/postgres.sh "${tests[@]}" http::tests::intake
if [[ $EUID -eq 0 ]]; then
  step "from the mailbox to the screen, p99 at most 1.5 s" env CENTRALITA_LONG=1 scripts/postgres.sh scripts/mail.sh \
    "${tests[@]}" a_mail_is_on_the_agent_s_screen_at_once
  step "a mailbox with a backlog, beside the bare library" scripts/postgres.sh scripts/mail.sh \
    "${tests[@]}" --ignored measure_a_backlog_of_ten_thousand
else
  table+="mailboxes of real servers: left out, they need root"$'\n'
fi
step "mails to a local sink, beside the bare library" scripts/postgres.sh "${tests[@]}" --ignored measure_two_thousand_mails
step "a day of 1,000 agents and 50,000 conversations" target/dist/centralita simulate --agents 1000 --conversations 50000 --seed 7
on_both crash --cycles "$cycles"
on_both crash --backup "$secs" --rate 1000
on_both inbound --rate "$rate" --secs "$secs" --agents "$agents"
on_both inbound --rate 0 --secs 10 --connections 256 --agents "$agents"
on_sqlite inbound --rate 40000 --secs 10 --connections 2048 --agents "$agents"
step "crash --disk-full" "$loadtests" crash --disk-full
on_postgres crash --database-away 30
step "herd" "$loadtests" herd --sockets 5000 --deaf 500 --frames 200
step "offers" "$loadtests" offers --agents 1000

printf '\n%s' "$table"
exit "$failed"
