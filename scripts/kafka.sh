#!/usr/bin/env bash
# A Kafka broker for everyone: yours (KAFKA_BROKERS), Docker's, or Apache's jars on Java 17.
#
#   scripts/kafka.sh start          start one and wait until it serves; harmless when it runs
#   scripts/kafka.sh stop [--wipe]  stop the one that was started; --wipe deletes its data as well
#   scripts/kafka.sh fetch          only fetch the jars; prints their folder
#   scripts/kafka.sh prepare        and write the settings and format the storage, but start nothing
#   scripts/kafka.sh way            how it would start one: docker or jars
#   scripts/kafka.sh serving        ends with 0 where there is one already, whoever started it
# KAFKA_PORT (9092), KAFKA_CONTROLLER_PORT (KAFKA_PORT + 1), KAFKA_DIR (.kafka), KAFKA_HEAP_OPTS;
# KAFKA_WAY=docker|jars overrides the choice; KAFKA_EXTRA holds more broker settings, one a line.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
dir=${KAFKA_DIR:-$root/.kafka}
mkdir -p "$dir" "$root/.kafka" # the jars are shared, whatever the folder
dir=$(cd "$dir" && pwd -P) # in full, because `running` knows its own broker by it
port=${KAFKA_PORT:-9092}
controller=${KAFKA_CONTROLLER_PORT:-$((port + 1))}
libs=$root/.kafka/libs
pom=$root/docker/kafka/pom.xml
log=$dir/broker.log
instead='or a running Docker engine, or KAFKA_BROKERS set to a Kafka that runs'

say() { echo "kafka: $*" >&2; } # standard output is for what fetch and prepare print
fail() { say "$@"; exit 1; }
compose() { docker compose -f "$root/docker/compose.yaml" "$@"; }
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# macOS has no `timeout` (and bash 3.2), and `docker info` can hang on an engine that is starting.
within() {
  local tenths=$(($1 * 10)); shift
  "$@" >/dev/null 2>&1 & local job=$!
  while kill -0 "$job" 2>/dev/null; do sleep 0.1; [ $((tenths -= 1)) -ne 0 ] || kill -9 "$job"; done
  wait "$job"
} 2>/dev/null # where bash would say that it was killed

# Sets `pid`. The command line is compared, because the system may have given the number away since.
running() {
  local command
  pid=$(cat "$dir/broker.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  command=$({ tr '\0' ' ' <"/proc/$pid/cmdline" || ps -ww -p "$pid" -o command=; } 2>/dev/null)
  case $command in *java*"kafka.Kafka $dir/server.properties"*) ;; *) return 1 ;; esac
}

need_java() {
  local version # macOS has a `java` that only says to install one, so it is asked for its version.
  version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p') || true
  [ "${version:-0}" -ge 17 ] || fail "needs Java 17 or newer on PATH (found: ${version:-none};" \
    "apt install openjdk-17-jre-headless, brew install openjdk@17), $instead."
}

fetch() {
  [ "$(cat "$libs/.stamp" 2>/dev/null)" = "$(cksum <"$pom")" ] || download
  echo "$libs"
}

download() {
  need_java
  command -v mvn >/dev/null || fail "needs Maven on the PATH to fetch Kafka's jars (apt install" \
    "maven, brew install maven), $instead."
  # What a killed fetch left behind; a young folder may belong to one that is under way.
  find "$root/.kafka" -maxdepth 1 -name 'libs.*' -mmin +60 -exec rm -rf {} +
  # The folder gets its name when it is complete, so half of it is never taken for the whole.
  partial=$(mktemp -d "$libs.XXXXXX")
  trap 'rm -rf "$partial"' EXIT # also where Maven fails or the user interrupts
  say "fetching the jars from Maven Central (44 MB, once)"
  mvn -B -ntp -q -Dstyle.color=never -f "$pom" dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$partial" >&2 || fail "the jars could not be fetched; Maven says why above."
  cksum <"$pom" >"$partial/.stamp"
  rm -rf "$libs" && mv "$partial" "$libs"
}

settings() { cat <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$dir/data
# One broker can hold one copy, and one partition of each internal topic makes it start faster.
$(printf '%s=1\n' {offsets.topic,transaction.state.log}.{replication.factor,num.partitions} \
    share.coordinator.state.topic.{replication.factor,min.isr} transaction.state.log.min.isr)
# The default has every first member of a group wait three seconds for others.
group.initial.rebalance.delay.ms=0
# A misspelt topic must be an error, and not a new topic.
auto.create.topics.enable=false
${KAFKA_EXTRA:-}
END
}

prepare() {
  need_java
  fetch
  settings >"$dir/server.properties"
  [ -f "$dir/data/meta.properties" ] || java -Xmx128m -XX:TieredStopAtLevel=1 -cp "$libs/*" \
    kafka.tools.StorageTool format -t depthlineLocalBroker0A -c "$dir/server.properties" >"$log" \
    2>&1 || { cat "$log" >&2; fail "the storage could not be formatted."; }
}

await_ready() {
  local tenths=600
  until grep -q 'Kafka Server started' "$log" && taken "$port"; do
    sleep 0.1; kill -0 "$pid" 2>/dev/null && [ $((tenths -= 1)) -gt 0 ] && continue
    kill -9 "$pid" 2>/dev/null || true; tail -n 20 "$log" >&2
    fail "the broker ended, or took more than 60 s to start; $log says why."
  done
}

way() {
  if [ -n "${KAFKA_WAY:-}" ]; then echo "$KAFKA_WAY"
  elif within 5 docker info && within 5 compose version; then echo docker
  else echo jars; fi
}

serving() { [ -n "${KAFKA_BROKERS:-}" ] || running || taken "$port"; }

start() {
  if [ -n "${KAFKA_BROKERS:-}" ]; then say "using KAFKA_BROKERS=$KAFKA_BROKERS"; return; fi
  if running; then await_ready; say "already running, pid $pid"; return; fi
  if [ "$(way)" = docker ]; then
    echo docker >"$dir/way"
    compose up -d --wait kafka || fail "Docker could not start it; KAFKA_WAY=jars goes without."
    say "running in Docker on localhost:$port"; return
  fi
  for number in "$port" "$controller"; do
    ! taken "$number" || fail "port $number is taken by another program: end that, or set" \
      "KAFKA_PORT to another port; if it is a Kafka you want to use, set KAFKA_BROKERS instead."
  done
  prepare >/dev/null
  echo jars >"$dir/way"
  # shellcheck disable=SC2086 # The options are several words.
  nohup java ${KAFKA_HEAP_OPTS:--Xms384m -Xmx384m} -cp "$libs/*" kafka.Kafka \
    "$dir/server.properties" >"$log" 2>&1 </dev/null &
  pid=$! && echo "$pid" >"$dir/broker.pid"
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM # half a start would be found running later
  await_ready
  say "running on 127.0.0.1:$port, pid $pid, log $log"
}

stop() {
  if [ "$(cat "$dir/way" 2>/dev/null)" = docker ]; then
    compose down ${1:+--volumes}
  elif running; then
    local tenths=150; kill "$pid"
    while running; do sleep 0.1; [ $((tenths -= 1)) -ne 0 ] || kill -9 "$pid" || true; done
    say "stopped, pid $pid"
  else say "nothing to stop"; fi
  rm -f "$dir/broker.pid"
  [ -z "${1:-}" ] || { rm -rf "$dir/data"; say "data deleted"; }
}

case "${1:-} ${2:-}" in
  'start ' | 'stop ' | 'stop --wipe' | 'fetch ' | 'prepare ' | 'way ' | 'serving ') "$@" ;;
  *) sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
