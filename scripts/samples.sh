#!/usr/bin/env bash
# The files of output/, made anew: the order book's topic of five minutes on the emulator, and what
# simulated exchanges would charge meanwhile, polled on the minute. It takes some six minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

events=31000 # 310 seconds at 10 events every 100 ms
out=output
work=$(mktemp -d)
prefix=samples-$(date +%s)
depthline='node dist/cli.js'
run_pid= emulate_pid= exchanges_pid= poll_pid= analyse_pid= broker_is_ours=

# Ends what this script started, and only that.
end() {
  [ -n "$1" ] || return 0
  kill -INT "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
finish() {
  for pid in "$emulate_pid" "$run_pid" "$poll_pid" "$analyse_pid" "$exchanges_pid"; do end "$pid"; done
  run_pid= emulate_pid= exchanges_pid= poll_pid= analyse_pid=
}
trap 'finish; [ -z "$broker_is_ours" ] || scripts/kafka.sh stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

fail() {
  echo "samples: $1; the end of $2:" >&2
  tail -n 5 "$work/$2" >&2
  exit 1
}
# Waits until a log says so.
await() {
  local tenths=600
  until grep -q "$2" "$work/$3" 2>/dev/null; do
    sleep 0.1
    kill -0 "$1" 2>/dev/null || fail "${3%.log} ended" "$3"
    [ $((tenths -= 1)) -gt 0 ] || fail "nothing from ${3%.log} for a minute" "$3"
  done
}

export DEPTHLINE_DATA=$work/data
scripts/kafka.sh serving || broker_is_ours=yes
scripts/kafka.sh start
export KAFKA_BROKERS=${KAFKA_BROKERS:-localhost:${KAFKA_PORT:-9092}}

node --import tsx scripts/simulated-exchanges.ts --levels 500 >"$work/exchanges.env" 2>"$work/exchanges.log" &
exchanges_pid=$!
await "$exchanges_pid" 'made up' exchanges.log
# shellcheck disable=SC2046 # Each line is one variable.
export $(grep '^DEPTHLINE_EXCHANGE_URL_' "$work/exchanges.env")
$depthline poll --exchanges coinbase,kraken,bitstamp,gemini --output "$prefix.exchange-books" \
  >"$work/poll.json" 2>"$work/poll.log" &
poll_pid=$!
$depthline analyse --input "$prefix.exchange-books" --depth "$prefix.exchange-depth" \
  --analytics "$prefix.market-analytics" --dead-letters "$prefix.exchange-books.dead-letter" \
  >"$work/analyse.json" 2>"$work/analyse.log" &
analyse_pid=$!

$depthline run --input "$prefix.orders" --output "$prefix.order-book" \
  --dead-letters "$prefix.dead-letter" >"$work/run.json" 2>"$work/run.log" &
run_pid=$!
await "$run_pid" '"running"' run.log
$depthline emulate --topic "$prefix.orders" --seed 2026 --count "$events" 2>"$work/emulate.log" &
emulate_pid=$!
echo "samples: $((events / 100)) seconds of events"
wait "$emulate_pid" || fail 'emulate failed' emulate.log
emulate_pid=
sleep 2 # The second that the last events belong to has its message.
for job in run poll analyse; do
  pid=${job}_pid
  kill -0 "${!pid}" 2>/dev/null || fail "$job ended" "$job.log"
done
finish

for format in json csv; do
  $depthline export --topic "$prefix.order-book" --format $format --out "$out/order-book.$format" \
    2>"$work/export.log" || fail 'export failed' export.log
done
$depthline verify --input "$prefix.orders" --output "$prefix.order-book" \
  --dead-letters "$prefix.dead-letter" >"$work/verify.json" 2>"$work/verify.log" ||
  fail 'verify found a difference' verify.log
for table in mid best depth; do
  $depthline report "$table" -o json >"$work/$table.json" 2>"$work/report.log" || fail 'report failed' report.log
done
node scripts/samples.cjs "$work" "$out"
echo 'samples: the documents quote these files: make figures slides'
