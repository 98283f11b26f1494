#!/usr/bin/env bash
# scripts/web.sh build|test
# `test` runs the package's scripts `types`, `test`, `size` (of what was built) and, where there is one, `e2e`, which finds the server to start in
# CENTRALITA_TEST_BINARY and the browser in CHROMIUM.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ! -e web/package.json ]]; then
  echo "web/ is not here: nothing to ${1:-do} for the web"
  exit 0
fi
cd web

if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; then
  echo "the web needs Node 20.19 or later on the PATH" >&2
  exit 1
fi

if [[ ! -e node_modules/.package-lock.json || package-lock.json -nt node_modules/.package-lock.json ]]; then
  npm ci --no-audit --no-fund
fi

case ${1:-} in
  build) npm run build ;;
  test)
    npm run types
    npm test
    npm run size
    npm run e2e --if-present
    ;;
  *)
    echo "usage: scripts/web.sh build|test" >&2
    exit 2
    ;;
esac
