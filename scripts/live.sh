#!/usr/bin/env bash
# The real exchanges for MINUTES minutes: polled on the minute, analysed, and reported.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${MINUTES:-3}
out=output/live
depthline='node dist/cli.js'
poll_pid= analyse_pid= broker_is_ours=

case $minutes in '' | *[!0-9]* | 0) echo "MINUTES must be a whole number, not \"$minutes\"" >&2; exit 2 ;; esac

# Ends what this script started, and only that.
end() {
  [ -n "$1" ] || return 0
  kill -INT "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
finish() {
  end "$poll_pid"; end "$analyse_pid"
  poll_pid= analyse_pid=
}
trap 'finish; [ -z "$broker_is_ours" ] || scripts/kafka.sh stop' EXIT
trap 'exit 130' INT TERM

mkdir -p "$out"
export DEPTHLINE_DATA=${DEPTHLINE_DATA:-$out/data}

echo 'what $50k of bitcoin costs right now:'
$depthline quote buy 50000 --market BTC-USD --exchanges coinbase,kraken,bitstamp,gemini

scripts/kafka.sh serving || broker_is_ours=yes
scripts/kafka.sh start
export KAFKA_BROKERS=${KAFKA_BROKERS:-localhost:${KAFKA_PORT:-9092}}
$depthline poll --exchanges "${EXCHANGES:-coinbase,kraken}" >"$out/poll.json" & poll_pid=$!
$depthline analyse >"$out/analyse.json" & analyse_pid=$!
echo "polling for $minutes minutes, on the minute"
for ((second = 0; second < minutes * 60 + 15; second++)); do
  sleep 1
  kill -0 "$poll_pid" 2>/dev/null || { echo 'live: poll ended' >&2; exit 1; }
  kill -0 "$analyse_pid" 2>/dev/null || { echo 'live: analyse ended' >&2; exit 1; }
done
finish
for question in mid best; do echo; $depthline report "$question" --since 1h; done
