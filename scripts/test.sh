#!/usr/bin/env bash
# All tests, then their numbers on a plain line of their own, for people and for CI.
set -uo pipefail
cd "$(dirname "$0")/.."
results=node_modules/.test-results.json
rm -f "$results"
npx --no-install vitest run --reporter=default --reporter=json --outputFile.json="$results"
status=$?
if [ -f "$results" ]; then
  node -p "const r = require('./$results'); \
    [r.numPassedTests + ' passed', r.numFailedTests + ' failed', r.numPendingTests + ' skipped'].join(', ')"
fi
exit "$status"
