#!/bin/sh
# The page on the detectors has the settings as they are.
set -eu
made=$(tests/simulate settings)
page=$(sed '1,/<!-- settings -->/d' "${srcdir:-.}/doc/detectors.md")
[ "$made" = "$page" ] && exit 0
echo "doc/detectors.md: its table of settings is not what tests/simulate settings prints"
exit 1
