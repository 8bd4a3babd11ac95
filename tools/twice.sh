#!/usr/bin/env bash
# Makes the release twice, from two clean clones at two paths without a build cache in common, and fails if a checksum differs.
set -euo pipefail
cd "$(dirname "$0")/.."

temporary=$(mktemp -d)
trap 'chmod -R u+w "$temporary"; rm -rf "$temporary"' EXIT
for n in first second; do
	git clone --quiet . "$temporary/$n"
	(cd "$temporary/$n" && GOCACHE=$temporary/cache-$n go run ./internal/release -dir "$temporary/dist-$n" "$@")
	cat "$temporary/dist-$n"/*.sha256
done
diff "$temporary"/dist-first/*.sha256 "$temporary"/dist-second/*.sha256
echo "both are the same"
