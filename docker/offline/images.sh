#!/usr/bin/env bash
# Images for docker/compose.yaml on a machine that reaches package registries but no image registry.
#   sudo docker/offline/images.sh NODE      NODE: the Node 24 binary to put in (npm package `node`)
# Prints the environment that makes compose.yaml and the tests use them. Needs debootstrap, npm, Java and Maven.
set -euo pipefail
node=${1:?which Node 24 binary}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

debootstrap --variant=minbase bookworm "$work/base" >&2
cp "$node" "$work/base/usr/local/bin/node"
mkdir -p "$work/base/usr/local/lib/node_modules" "$work/base/etc/ssl/certs"
cp -RL "$(npm root -g)/npm" "$work/base/usr/local/lib/node_modules/"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/base/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$work/base/usr/local/bin/npx"
# What this machine trusts, also where that is a mirror of its own.
cp -L /etc/ssl/certs/ca-certificates.crt "$work/base/etc/ssl/certs/"
tar -C "$work/base" -c . | docker import --change \
  'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - depthline-offline/base >&2

mkdir "$work/context"
cp "$here"/*.sh "$work/context/"
cp -R "$("$root/scripts/kafka.sh" fetch)" "$work/context/libs"
cp -R "$("$root/scripts/registry.sh" fetch)" "$work/context/registry-libs"
for image in kafka registry postgres prometheus; do
  docker build -q -f "$here/Dockerfile" --target $image -t depthline-offline/$image "$work/context" >&2
  echo "export ${image^^}_IMAGE=depthline-offline/$image"
done
echo "export BASE_IMAGE=depthline-offline/base"
