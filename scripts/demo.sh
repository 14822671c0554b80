#!/usr/bin/env bash
# The main job in one go: a broker, events, the live ladder for TICKS seconds, and the topic as files.
set -euo pipefail
cd "$(dirname "$0")/.."

ticks=${TICKS:-30}
out=output/demo
# Topics of their own, so that no earlier demo's orders stand in this one's book.
prefix=demo-$(date +%s)
depthline='node dist/cli.js'
run_pid= emulate_pid= book_pid= broker_is_ours=

# Ends what this script started, and only that; `run` may take three seconds to leave.
end() {
  [ -n "$1" ] || return 0
  kill -INT "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
finish() {
  end "$book_pid"; end "$emulate_pid"; end "$run_pid"
  book_pid= emulate_pid= run_pid=
}
trap 'finish; [ -z "$broker_is_ours" ] || scripts/kafka.sh stop' EXIT
trap 'exit 130' INT TERM

fail() {
  echo "demo: $1; the end of $out/$2:" >&2
  tail -n 5 "$out/$2" >&2
  exit 1
}

case $ticks in '' | *[!0-9]* | 0) echo "TICKS must be a whole number, not \"$ticks\"" >&2; exit 2 ;; esac
mkdir -p "$out"
# What an earlier demo left would be taken for this one's.
rm -rf "$out"/*
export DEPTHLINE_DATA=$out/data

# A broker that was there before is not ours to stop, also where the start is interrupted.
scripts/kafka.sh serving || broker_is_ours=yes
scripts/kafka.sh start

$depthline run --input "$prefix.orders" --output "$prefix.order-book" \
  --dead-letters "$prefix.dead-letter" >"$out/summary.json" 2>"$out/run.log" &
run_pid=$!
until grep -q '"running"' "$out/run.log" 2>/dev/null; do
  sleep 0.1
  kill -0 "$run_pid" 2>/dev/null || fail 'run ended' run.log
done
$depthline emulate --topic "$prefix.orders" --faults 0.02 2>"$out/emulate.log" &
emulate_pid=$!
$depthline book --topic "$prefix.order-book" --ticks "$ticks" 2>"$out/book.log" &
book_pid=$!
# The ladder waits for messages for ever, so somebody has to see that there are any to come.
while kill -0 "$book_pid" 2>/dev/null; do
  sleep 0.2
  kill -0 "$run_pid" 2>/dev/null || fail 'run ended' run.log
  kill -0 "$emulate_pid" 2>/dev/null || fail 'emulate ended' emulate.log
done
wait "$book_pid" || fail 'book ended' book.log
finish

for format in json csv; do
  $depthline export --topic "$prefix.order-book" --ticks "$ticks" --format $format \
    --out "$out/order-book.$format" 2>"$out/export.log" || fail 'export failed' export.log
done
$depthline verify --input "$prefix.orders" --output "$prefix.order-book" \
  --dead-letters "$prefix.dead-letter" >"$out/verify.json" 2>"$out/verify.log" ||
  fail 'verify found a difference' verify.log
node scripts/demo-summary.cjs "$out"
