#!/usr/bin/env bash
# Fetches Mermaid into a folder that goes again, and renders the diagrams of docs/ with Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."

mermaid=mermaid@11.17.2 # Large, and needed for nothing else: no dependency of the project.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --prefix "$work" --ignore-scripts --no-fund --no-audit --loglevel=error "$mermaid" >&2
npx tsx scripts/diagrams.ts "$work/node_modules/mermaid/dist/mermaid.min.js"
