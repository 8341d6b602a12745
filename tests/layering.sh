#!/bin/sh
# Holds the house's order: includes go down the list of rooms only, path-qualified; each foreign
# library is included in one place; no source file has 600 lines or more.
set -eu
cd "${srcdir:-.}"
exec awk '
BEGIN {
	n = split("base core capture decode flow proto sensor names match services event sigma volume detect output daemon", room)
	for (i = 1; i <= n; i++)
		rank[room[i]] = i
	rank["main"] = n + 1
	# header (a prefix) and the files that may include it, as patterns
	allow["pcap.h"] = allow["pcap/"] = "^capture/"
	allow["ldns/"] = "^proto/dns[a-z0-9_]*[.][ch]$"
	allow["hs/"] = allow["hs.h"] = allow["hs_"] = "^match/match[.]c$"
	allow["event2/"] = allow["event.h"] = "^daemon/"
	allow["jansson.h"] = "^event/json_in[.]c$"
	allow["yaml.h"] = "^base/yaml_read[.]c$"
	allow["pcre2.h"] = "^match/regex[.]c$"
	allow["nettle/"] = "^(core/tuple|proto/quic_crypto|proto/ja4|base/digest)[.]c$"
	allow["seccomp.h"] = "^daemon/sandbox_calls[.]c$"
	allow["cap-ng.h"] = "^daemon/privileges[.]c$"
	allow["zlib.h"] = "^capture/unpack_gzip[.]c$"
	allow["zstd.h"] = allow["zstd_"] = "^(capture/unpack_zstd|output/compress)[.]c$"
}
function complain(text) {
	print FILENAME ":" FNR ": " text
	bad = 1
}
FNR == 1 {
	file = FILENAME
	sub(/^.*src\//, "", file)
	here = index(file, "/") ? substr(file, 1, index(file, "/") - 1) : "main"
	if (!(here in rank))
		complain("is in no room")
}
FNR == 600 { complain("600 lines or more") }
/^[ \t]*#[ \t]*include/ {
	match($0, /[<"][^>"]*[>"]/)
	quote = substr($0, RSTART, 1)
	name = substr($0, RSTART + 1, RLENGTH - 2)
	if (quote == "\"") {
		slash = index(name, "/")
		there = substr(name, 1, slash - 1)
		if (!slash || !(there in rank))
			complain("\"" name "\" is not path-qualified from src/")
		else if (rank[there] > rank[here])
			complain(here "/ must not include " name)
		next
	}
	for (prefix in allow)
		if (index(name, prefix) == 1 && file !~ allow[prefix])
			complain("<" name "> has its place elsewhere")
}
END { exit bad }' $(find src -name "*.[ch]" -o -name "*.def" | sort)
