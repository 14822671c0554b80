#!/usr/bin/env bash
# Ends with a clear message where Node.js is missing or too old.
set -euo pipefail
if ! command -v node >/dev/null; then
  echo 'depthline needs Node.js 20 or newer, and there is no node here: https://nodejs.org' >&2
  exit 1
fi
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 20 ]; then
  echo "depthline needs Node.js 20 or newer; this is $(node --version)" >&2
  exit 1
fi
