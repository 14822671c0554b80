#!/usr/bin/env bash
# What apache/kafka does at its start: KAFKA_SOME_NAME becomes some.name, the storage is formatted once.
set -euo pipefail
settings=/tmp/server.properties
env | sed -n '/^KAFKA_\(HEAP_OPTS\|JVM_\|OPTS\)/d; s/^KAFKA_\([A-Z_]*\)=/\1=/p' | while IFS='=' read -r name value; do
  name=${name//_/.}
  echo "${name,,}=$value"
done >"$settings"
java -Xmx128m -cp '/opt/kafka/libs/*' kafka.tools.StorageTool format --ignore-formatted -t "$CLUSTER_ID" -c "$settings"
# shellcheck disable=SC2086 # The options are several words.
exec java ${KAFKA_HEAP_OPTS:--Xmx512m} ${KAFKA_JVM_PERFORMANCE_OPTS:-} -cp '/opt/kafka/libs/*' kafka.Kafka "$settings"
