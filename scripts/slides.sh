#!/usr/bin/env bash
# docs/PRESENTATION.md as slides: docs/slides/depthline.html and .pdf, by Marp and Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."

slides=docs/slides/.slides.md
work=$(mktemp -d)
trap 'rm -rf "$work" "$slides"' EXIT
export CHROME_PATH=${CHROME_PATH:-/usr/bin/chromium}
# Chromium refuses to run its sandbox as root, which is what containers are; Marp takes no flags for it.
if [ "$(id -u)" = 0 ]; then
  printf '#!/bin/sh\nexec "%s" --no-sandbox "$@"\n' "$CHROME_PATH" >"$work/chromium"
  chmod +x "$work/chromium"
  export CHROME_PATH=$work/chromium
fi

mkdir -p docs/slides
# The slides lie one folder deeper than the text, so what they show and link to is one folder further up;
# and a comment that is no directive would become a note for the speaker.
sed -E -e '/^<!-- [^_].*-->$/d' -e 's#\]\((\.\./|images/|live/|faults/|[A-Z]+\.md)#](../\1#g' docs/PRESENTATION.md >"$slides"
marp() { npx --yes @marp-team/marp-cli@4.5.1 --no-stdin --allow-local-files "$slides" "$@"; }
marp -o docs/slides/depthline.html
marp --pdf -o docs/slides/depthline.pdf
# A test compares it with the text as it stands.
echo "<!-- source $(sha256sum <docs/PRESENTATION.md | cut -d ' ' -f 1) -->" >>docs/slides/depthline.html
