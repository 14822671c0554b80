#!/usr/bin/env bash
# A Kafka broker for everyone: yours (KAFKA_BROKERS), Docker's, or Apache's jars on Java 17.
#
#   scripts/kafka.sh start          start one and wait until it serves; harmless when it runs
#   scripts/kafka.sh stop [--wipe]  stop the one that was started; --wipe deletes its data as well
#   scripts/kafka.sh fetch          only fetch the jars; prints their folder
#   scripts/kafka.sh prepare        and write the settings and format the storage, but start nothing
#   scripts/kafka.sh settings       only print the settings
#   scripts/kafka.sh way            how it would start one: docker or jars
#   scripts/kafka.sh serving        ends with 0 where there is one already, whoever started it
# KAFKA_PORT (9092), KAFKA_CONTROLLER_PORT (KAFKA_PORT + 1), KAFKA_DIR (.kafka), KAFKA_HEAP_OPTS;
# KAFKA_WAY=docker|jars overrides the choice; KAFKA_EXTRA holds more broker settings, one a line,
# and KAFKA_SCRAM_USERS users such as SCRAM-SHA-512=[name=me,password=mine], with spaces between them.
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

me=kafka
# shellcheck source=scripts/shared.sh
. "$root/scripts/shared.sh"

# Sets `pid`. The command line is compared, because the system may have given the number away since.
running() {
  pid=$(cat "$dir/broker.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  case $(command_of "$pid") in *java*"kafka.Kafka $dir/server.properties"*) ;; *) return 1 ;; esac
}

fetch() {
  fetched "$libs" "$pom" || download "$libs" "$pom" "Kafka's jars (44 MB)" \
    dependency:copy-dependencies -DincludeScope=runtime
  echo "$libs"
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
  local user users=()
  for user in ${KAFKA_SCRAM_USERS:-}; do users+=(--add-scram "$user"); done
  [ -f "$dir/data/meta.properties" ] || java -Xmx128m -XX:TieredStopAtLevel=1 -cp "$libs/*" \
    kafka.tools.StorageTool format -t depthlineLocalBroker0A -c "$dir/server.properties" \
    ${users[@]+"${users[@]}"} >"$log" 2>&1 || { cat "$log" >&2; fail "the storage could not be formatted."; }
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
  elif docker_gives kafka; then echo docker
  else echo jars; fi
}

serving() { [ -n "${KAFKA_BROKERS:-}" ] || running || taken "$port"; }

start() {
  if [ -n "${KAFKA_BROKERS:-}" ]; then say "using KAFKA_BROKERS=$KAFKA_BROKERS"; return; fi
  if running; then await_ready; say "already running, pid $pid"; return; fi
  if [ "$(way)" = docker ]; then
    echo docker >"$dir/way"
    compose up -d --wait kafka || fail "Docker could not start it; KAFKA_WAY=jars goes without."
    say "running in Docker on localhost:$port$(hint)"; return
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
  say "running on 127.0.0.1:$port, pid $pid, log $log$(hint)"
}

# depthline itself knows of no KAFKA_PORT.
hint() { [ "$port" = 9092 ] || printf '\nkafka: export KAFKA_BROKERS=localhost:%s' "$port"; }

stop() {
  if [ "$(cat "$dir/way" 2>/dev/null)" = docker ]; then
    # Without --wipe a registry in the same project, which forgets when it is stopped, goes on.
    if [ -n "${1:-}" ]; then compose down --volumes; else compose rm --stop --force kafka; fi
  elif running; then end running
  else say "nothing to stop"; fi
  rm -f "$dir/broker.pid"
  [ -z "${1:-}" ] || { rm -rf "$dir/data"; say "data deleted"; }
}

case "${1:-} ${2:-}" in
  'start ' | 'stop ' | 'stop --wipe' | 'fetch ' | 'prepare ' | 'settings ' | 'way ' | 'serving ') "$@" ;;
  *) usage ;;
esac
