#!/bin/sh
# Lines of every kind of record, full, minimal, random and oversized, against the schema.
set -eu
validate=${srcdir:-.}/tests/validate.py
[ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import fastjsonschema' 2>/dev/null || {
	echo "python3-fastjsonschema is not installed"
	exit 77
}
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
./tests/record_samples "${RECORD_SAMPLES:-300}" >"$lines"
"$validate" "$lines"
# the check itself can fail
if sed 's/"egret":{/"egret":{"unheard_of":1,/' "$lines" | "$validate" >/dev/null; then
	echo "an unknown field went unnoticed"
	exit 1
fi
if sed 's/"event":{/"event":{"start":1,/' "$lines" | "$validate" >/dev/null; then
	echo "a key that stands twice went unnoticed"
	exit 1
fi
