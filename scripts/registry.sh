#!/usr/bin/env bash
# A schema registry for everyone: yours (SCHEMA_REGISTRY_URL), Docker's, or Apicurio's jars on Java 17.
#
#   scripts/registry.sh start          start one and wait until it serves; harmless when it runs
#   scripts/registry.sh stop [--wipe]  stop the one that was started; --wipe forgets its schemas as well
#   scripts/registry.sh fetch          only fetch the jars; prints their folder
#   scripts/registry.sh way            how it would start one: docker or jars
# REGISTRY_PORT (8081), REGISTRY_DIR (.kafka/registry); REGISTRY_WAY=docker|jars overrides the choice.
# Docker's keeps its schemas in memory alone, so what was written by them needs that registry to run on.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
dir=${REGISTRY_DIR:-$root/.kafka/registry}
mkdir -p "$dir" "$root/.kafka" # the jars are shared, whatever the folder
dir=$(cd "$dir" && pwd -P) # in full, because `running` knows its own registry by it
port=${REGISTRY_PORT:-8081}
libs=$root/.kafka/registry-libs
pom=$root/docker/registry/pom.xml
log=$dir/registry.log
url=http://127.0.0.1:$port/apis/ccompat/v7
instead='or a running Docker engine, or SCHEMA_REGISTRY_URL set to a registry that runs'
me=registry
# shellcheck source=scripts/shared.sh
. "$root/scripts/shared.sh"

# Sets `pid`. The command line is compared, because the system may have given the number away since.
running() {
  pid=$(cat "$dir/registry.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  case $(command_of "$pid") in *java*"jdbc:h2:file:$dir/data "*) ;; *) return 1 ;; esac
}

fetch() {
  fetched "$libs" "$pom" || download "$libs" "$pom" 'Apicurio Registry (142 MB)' dependency:unpack
  echo "$libs"
}

way() {
  if [ -n "${REGISTRY_WAY:-}" ]; then echo "$REGISTRY_WAY"
  elif docker_gives registry; then echo docker
  else echo jars; fi
}

await_ready() {
  local tenths=600
  until grep -q 'started in' "$log" && taken "$port"; do
    sleep 0.1; kill -0 "$pid" 2>/dev/null && [ $((tenths -= 1)) -gt 0 ] && continue
    kill -9 "$pid" 2>/dev/null || true; tail -n 20 "$log" >&2
    fail "the registry ended, or took more than 60 s to start; $log says why."
  done
}

start() {
  if [ -n "${SCHEMA_REGISTRY_URL:-}" ]; then say 'using SCHEMA_REGISTRY_URL'; return; fi
  if running; then await_ready; say "already running, pid $pid, SCHEMA_REGISTRY_URL=$url"; return; fi
  if [ "$(way)" = docker ]; then
    echo docker >"$dir/way"
    compose up -d --wait registry || fail "Docker could not start it; REGISTRY_WAY=jars goes without."
    say "running in Docker, SCHEMA_REGISTRY_URL=$url"; return
  fi
  ! taken "$port" || fail "port $port is taken by another program: end that, or set REGISTRY_PORT" \
    "to another port; if it is a registry you want to use, set SCHEMA_REGISTRY_URL instead."
  need_java
  fetch >/dev/null
  echo jars >"$dir/way"
  : >"$log" # an old one would say at once that it has started
  nohup java -Xmx384m -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$port" \
    -Dquarkus.datasource.jdbc.url="jdbc:h2:file:$dir/data" \
    -jar "$libs/apicurio-registry-app-2.6.13.Final-runner.jar" >"$log" 2>&1 </dev/null &
  pid=$! && echo "$pid" >"$dir/registry.pid"
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM # half a start would be found running later
  await_ready
  say "running, pid $pid, log $log, SCHEMA_REGISTRY_URL=$url"
}

stop() {
  if [ "$(cat "$dir/way" 2>/dev/null)" = docker ]; then
    compose rm --stop --force registry
  elif running; then end running
  else say 'nothing to stop'; fi
  rm -f "$dir/registry.pid"
  [ -z "${1:-}" ] || { rm -f "$dir"/data.*; say 'schemas forgotten'; }
}

case "${1:-} ${2:-}" in
  'start ' | 'stop ' | 'stop --wipe' | 'fetch ' | 'way ') "$@" ;;
  *) usage ;;
esac
