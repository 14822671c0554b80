#!/usr/bin/env bash
# The main job in one go: a broker, events, the live ladder for TICKS seconds, and the topic as files.
set -euo pipefail
cd "$(dirname "$0")/.."

ticks=${TICKS:-30}
out=output/demo
# Topics of their own, so that no earlier demo's orders stand in this one's book.
prefix=demo-$(date +%s)
depthline='node dist/cli.js'
run_pid= emulate_pid= broker_is_ours=

# Ends what this script started, and only that.
finish() {
  for pid in $emulate_pid $run_pid; do
    kill -INT "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  emulate_pid= run_pid=
}
trap 'finish; [ -z "$broker_is_ours" ] || scripts/kafka.sh stop' EXIT

case $ticks in '' | *[!0-9]* | 0) echo "TICKS must be a whole number, not \"$ticks\"" >&2; exit 2 ;; esac
mkdir -p "$out"
started=$(scripts/kafka.sh start 2>&1) || { echo "$started" >&2; exit 3; }
echo "$started"
case $started in *'running on'* | *'running in Docker'*) broker_is_ours=yes ;; esac

$depthline run --input "$prefix.orders" --output "$prefix.order-book" \
  --dead-letters "$prefix.dead-letter" >"$out/summary.json" 2>"$out/run.log" &
run_pid=$!
until grep -q '"running"' "$out/run.log"; do
  sleep 0.1
  kill -0 "$run_pid" 2>/dev/null || { cat "$out/run.log" >&2; exit 1; }
done
$depthline emulate --topic "$prefix.orders" --faults 0.02 2>"$out/emulate.log" &
emulate_pid=$!

$depthline book --topic "$prefix.order-book" --ticks "$ticks"
finish

for format in json csv; do
  $depthline export --topic "$prefix.order-book" --ticks "$ticks" --format $format \
    --out "$out/order-book.$format" 2>>"$out/export.log"
done
node - "$out" <<'END'
const { readFileSync } = require('node:fs')
const [out] = process.argv.slice(2)
const read = (name) => readFileSync(`${out}/${name}`, 'utf8')
const messages = JSON.parse(read('order-book.json'))
const levels = messages.reduce((sum, rows) => sum + rows.length, 0)
const { records, applied, ignored, rejected, tombstones, byOutcome, missed } = JSON.parse(read('summary.json'))
const reasons = Object.entries(byOutcome).filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`)
console.log(`
${messages.length} messages with ${levels} levels, ${missed} seconds missed
${records} events: ${applied} applied, ${ignored} ignored, ${rejected} rejected (to the dead-letter topic), ${tombstones} empty
  ${reasons.join(', ')}
${out}/order-book.json   one array of the messages' arrays
${out}/order-book.csv    one level a row`)
END
