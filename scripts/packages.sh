#!/usr/bin/env bash
# What `make test` needs beside Rust and Node. Installs what is missing when it may (root, Debian), else names it and stops.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
scripts/postgres.sh --where >/dev/null 2>&1 || missing+=(postgresql)
# Only root can start them; others test without.
[[ $EUID -ne 0 ]] || scripts/mail.sh --where >/dev/null || missing+=(dovecot-imapd postfix openssl)
command -v shellcheck >/dev/null || missing+=(shellcheck)
# With promtool.
command -v prometheus >/dev/null || missing+=(prometheus)
if [[ -e web/package.json ]]; then
  command -v chromium >/dev/null || missing+=(chromium)
  fonts=$(fc-list 2>/dev/null || true)
  grep -qi liberation <<<"$fonts" || missing+=(fontconfig fonts-liberation)
  grep -qi 'color emoji' <<<"$fonts" || missing+=(fonts-noto-color-emoji)
fi

[[ ${#missing[@]} -gt 0 ]] || exit 0

if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
  echo "the tests need these packages: ${missing[*]}" >&2
  exit 1
fi

# Debian starts a server that it installs. Ours come and go with the tests.
if [[ ! -e /usr/sbin/policy-rc.d ]]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}"
