# The keys of the first file, config.def, and of the second, settings.def, in mdoc where the third one
# says @keys@ and @detectors@.
FNR == 1 {
	file++
}

# CONFIG("key", TYPE, field, WHEN, "default", "range", "help")
file == 1 && /^CONFIG\(/ {
	split($0, part, "\"")
	range = part[6]
	if (sub(/-/, " to ", range))
		range = ", from " range
	else if (gsub(/[|]/, ", ", range))
		range = "; one of " range
	keys = keys ".It Va " part[2] "\n" toupper(substr(part[8], 1, 1)) substr(part[8], 2) \
		".\nDefault: " part[4] range (part[3] ~ /START/ ? " (restart).\n" : ".\n")
}

# SETTING(field, TYPE, default, least, most, "key", "help")
file == 2 && /^SETTING\(/ {
	split($0, part, "\"")
	split(part[1], number, ", ")
	range = number[2] == "SWITCH" ? (number[3] == "1" ? "yes" : "no") : \
		number[3] ", from " number[4] " to " number[5]
	detectors = detectors ".It Va detectors." part[2] "\n" toupper(substr(part[4], 1, 1)) \
		substr(part[4], 2) ".\nDefault: " range ".\n"
}

file < 3 {
	next
}

$0 == "@keys@" {
	printf "%s", keys
	next
}

$0 == "@detectors@" {
	printf "%s", detectors
	next
}

{
	print
}
