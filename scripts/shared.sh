# shellcheck shell=bash
# What kafka.sh and registry.sh have in common. They set `me` and `root`, and `instead`: what else would do.
say() { echo "$me: $*" >&2; } # standard output is for what fetch and prepare print
fail() { say "$@"; exit 1; }
# In a project of their own, so that stopping them never touches the demonstration in the same file.
compose() { docker compose -p "${COMPOSE_PROJECT_NAME:-depthline-dev}" -f "$root/docker/compose.yaml" "$@"; }
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# macOS has no `timeout` (and bash 3.2), and `docker info` can hang on an engine that is starting.
within() {
  local tenths=$(($1 * 10)); shift
  "$@" >/dev/null 2>&1 & local job=$!
  while kill -0 "$job" 2>/dev/null; do sleep 0.1; [ $((tenths -= 1)) -ne 0 ] || kill -9 "$job"; done
  wait "$job"
} 2>/dev/null # where bash would say that it was killed

# docker_gives SERVICE: whether an engine answers that has its image or can fetch it.
docker_gives() {
  local image
  within 5 docker info && within 5 docker compose version && image=$(compose config --images "$1") || return 1
  ! docker image inspect "$image" >/dev/null 2>&1 || return 0
  say "fetching the image $image (once)"
  within 600 docker pull -q "$image" && return 0
  say "a Docker engine answers, but cannot fetch $image: going without Docker."
  return 1
}

command_of() { { tr '\0' ' ' <"/proc/$1/cmdline" || ps -ww -p "$1" -o command=; } 2>/dev/null; }

need_java() {
  local version # macOS has a `java` that only says to install one, so it is asked for its version.
  version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p') || true
  [ "${version:-0}" -ge 17 ] || fail "needs Java 17 or newer on PATH (found: ${version:-none};" \
    "apt install openjdk-17-jre-headless, brew install openjdk@17), $instead."
}

# download FOLDER POM WHAT GOALS…: lets Maven fill the folder, into which $partial goes when it is complete.
download() {
  local folder=$1 pom=$2 what=$3; shift 3
  need_java
  command -v mvn >/dev/null || fail "needs Maven on the PATH to fetch $what (apt install" \
    "maven, brew install maven), $instead."
  # What a killed fetch left behind; a young folder may belong to one that is under way.
  find "$(dirname "$folder")" -maxdepth 1 -name "$(basename "$folder").*" -mmin +60 -exec rm -rf {} +
  # The folder gets its name when it is complete, so half of it is never taken for the whole.
  partial=$(mktemp -d "$folder.XXXXXX")
  trap 'rm -rf "$partial"' EXIT # also where Maven fails or the user interrupts
  say "fetching $what from Maven Central (once)"
  mvn -B -ntp -q -Dstyle.color=never -f "$pom" "$@" -DoutputDirectory="$partial" >&2 ||
    fail "$what could not be fetched; Maven says why above."
  cksum <"$pom" >"$partial/.stamp"
  rm -rf "$folder" && mv "$partial" "$folder"
}

fetched() { [ "$(cat "$1/.stamp" 2>/dev/null)" = "$(cksum <"$2")" ]; }

# end PID-CHECK: a TERM, and after 15 s a KILL, for the process in $pid as long as the check knows it.
end() {
  local tenths=150; kill "$pid"
  while "$1"; do sleep 0.1; [ $((tenths -= 1)) -ne 0 ] || kill -9 "$pid" || true; done
  say "stopped, pid $pid"
}

usage() { sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2; exit 2; }
