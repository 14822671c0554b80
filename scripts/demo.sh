#!/usr/bin/env bash
# Both jobs in one go, on one broker. Order books: events, the live ladder for TICKS seconds, the topic
# as files. Exchange depth: made-up exchanges polled every five seconds, and what the BI team asks.
# SHOW=page shows both on a web page instead, until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."

ticks=${TICKS:-30}
out=output/demo
# Topics of their own, so that no earlier demo's orders stand in this one's book.
prefix=demo-$(date +%s)
depthline='node dist/cli.js'
run_pid= emulate_pid= book_pid= exchanges_pid= poll_pid= analyse_pid= serve_pid= verify_pid= broker_is_ours=

# Ends what this script started, and only that; `run` may take three seconds to leave.
end() {
  [ -n "$1" ] || return 0
  kill -INT "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
finish() {
  for pid in "$serve_pid" "$verify_pid" "$book_pid" "$emulate_pid" "$run_pid" "$poll_pid" "$analyse_pid" "$exchanges_pid"; do
    end "$pid"
  done
  book_pid= emulate_pid= run_pid= poll_pid= analyse_pid= exchanges_pid= serve_pid= verify_pid=
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
export KAFKA_BROKERS=${KAFKA_BROKERS:-localhost:${KAFKA_PORT:-9092}}

# Waits until a log says so.
await() {
  local tenths=600
  until grep -q "$2" "$out/$3" 2>/dev/null; do
    sleep 0.1
    kill -0 "$1" 2>/dev/null || fail "${3%.log} ended" "$3"
    [ $((tenths -= 1)) -gt 0 ] || fail "nothing from ${3%.log} for a minute" "$3"
  done
}

node --import tsx scripts/simulated-exchanges.ts --levels 500 >"$out/exchanges.env" 2>"$out/exchanges.log" &
exchanges_pid=$!
await "$exchanges_pid" 'made up' exchanges.log
# shellcheck disable=SC2046 # Each line is one variable.
export $(grep '^DEPTHLINE_EXCHANGE_URL_' "$out/exchanges.env")
$depthline poll --exchanges coinbase,kraken,bitstamp,gemini --output "$prefix.exchange-books" --every 5 >"$out/poll.json" 2>"$out/poll.log" &
poll_pid=$!
$depthline analyse --input "$prefix.exchange-books" --depth "$prefix.exchange-depth" \
  --analytics "$prefix.market-analytics" --dead-letters "$prefix.exchange-books.dead-letter" \
  >"$out/analyse.json" 2>"$out/analyse.log" &
analyse_pid=$!

$depthline run --input "$prefix.orders" --output "$prefix.order-book" \
  --dead-letters "$prefix.dead-letter" >"$out/summary.json" 2>"$out/run.log" &
run_pid=$!
await "$run_pid" '"running"' run.log
$depthline emulate --topic "$prefix.orders" --faults 0.02 2>"$out/emulate.log" &
emulate_pid=$!

show_page() {
  $depthline serve --http "127.0.0.1:${HTTP_PORT:-8080}" --simulated --topic "$prefix.order-book" \
    --input "$prefix.orders" --analytics "$prefix.market-analytics" --depth "$prefix.exchange-depth" \
    2>"$out/serve.log" &
  serve_pid=$!
  await "$serve_pid" '"serving"' serve.log
  $depthline verify --follow --input "$prefix.orders" --output "$prefix.order-book" \
    --dead-letters "$prefix.dead-letter" >"$out/verify.json" 2>"$out/verify.log" &
  verify_pid=$!
  echo "the page: http://127.0.0.1:${HTTP_PORT:-8080} (simulated data; Ctrl-C ends it)"
  while kill -0 "$serve_pid" 2>/dev/null; do sleep 1; done
  fail 'serve ended' serve.log
}
[ "${SHOW:-}" != page ] || show_page

$depthline book --topic "$prefix.order-book" --ticks "$ticks" 2>"$out/book.log" &
book_pid=$!
# The ladder waits for messages for ever, so somebody has to see that there are any to come.
while kill -0 "$book_pid" 2>/dev/null; do
  sleep 0.2
  kill -0 "$run_pid" 2>/dev/null || fail 'run ended' run.log
  kill -0 "$emulate_pid" 2>/dev/null || fail 'emulate ended' emulate.log
  kill -0 "$poll_pid" 2>/dev/null || fail 'poll ended' poll.log
done
wait "$book_pid" || fail 'book ended' book.log
await "$analyse_pid" '"analysed"' analyse.log
$depthline quote buy 50000 --market BTC-USD --exchanges coinbase,kraken,bitstamp,gemini \
  >"$out/quote.txt" 2>"$out/quote.log" || fail 'quote failed' quote.log
finish

for format in json csv; do
  $depthline export --topic "$prefix.order-book" --ticks "$ticks" --format $format \
    --out "$out/order-book.$format" 2>"$out/export.log" || fail 'export failed' export.log
done
$depthline verify --input "$prefix.orders" --output "$prefix.order-book" \
  --dead-letters "$prefix.dead-letter" >"$out/verify.json" 2>"$out/verify.log" ||
  fail 'verify found a difference' verify.log
for table in mid best depth; do
  $depthline report $table >"$out/report-$table.txt" 2>"$out/report.log" || fail 'report failed' report.log
done
$depthline export --topic "$prefix.market-analytics" --out "$out/market-analytics.json" \
  2>"$out/export.log" || fail 'export failed' export.log
node scripts/demo-summary.cjs "$out"
cat <<END

Exchange depth, on SIMULATED exchanges: every price is made up (\`make live\` asks the real ones)
$(cat "$out/quote.txt")

average mid price of each poll (depthline report mid; also: best, depth)
$(cat "$out/report-mid.txt")

$out/report-best.txt         where to buy and to sell \$50k, at which price, at each poll
$out/report-depth.txt        \$50k and \$100k at each exchange, and the money near its mid price
$out/market-analytics.json   the records of the topic
$out/data/lake               raw bodies, depth and analytics as Parquet
END
