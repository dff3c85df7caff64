#!/bin/sh
# Links every package of Envoy's API into the Go program next to this file and runs it (see main.go).
# packages.go is the list of these packages; it is made afresh each time and not committed.
set -eu
cd "$(dirname "$0")"
api=github.com/envoyproxy/go-control-plane/envoy
trap 'rm -f packages.go' EXIT
go mod download "$api"
{
  echo 'package main'
  echo 'import ('
  (cd "$(go list -m -f '{{.Dir}}' "$api")" && find . -name '*.pb.go' -exec dirname {} + | sed 's,^\./,,' | LC_ALL=C sort -u) |
    sed "s,.*,	_ \"$api/&\","
  echo ')'
} >packages.go
go mod tidy
go run . ../../src/envoy/descriptors.binpb.gz
