# The counters of the first file, stats.def, in mdoc where the second one says @counters@.
BEGIN {
	title["capture"] = "Capture files"
	title["decode"] = "Links, tunnels and IP"
	title["flow"] = "Flows"
	title["proto"] = "Protocols"
	title["record"] = "Records"
}

NR == FNR && /^STAT\(/ {
	split($0, part, /^STAT\(|, "|", "|"\)$/)
	if (part[3] != group) {
		if (group)
			list = list ".El\n"
		group = part[3]
		list = list ".Ss " (group in title ? title[group] : group) "\n.Bl -tag -width Ds\n"
	}
	list = list ".It Va " part[2] "\n" part[4] ".\n"
}

NR == FNR {
	next
}

$0 == "@counters@" {
	printf "%s.El\n", list
	next
}

{
	print
}
