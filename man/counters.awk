# The counters of stats.def and figures.def, in mdoc where the manual's text says @counters@.
BEGIN {
	title["capture"] = "Capture files"
	title["decode"] = "Links, tunnels and IP"
	title["flow"] = "Flows"
	title["proto"] = "Protocols"
	title["record"] = "Records"
	title["analyst"] = "The analyst of a daemon"
	title["loaded"] = "Lists and rules in force"
	title["reload"] = "Reloads"
	title["state"] = "The state"
	title["sandbox"] = "The sandbox"
}

function counter(of, name, help) {
	if (of != group) {
		if (group)
			list = list ".El\n"
		group = of
		list = list ".Ss " (group in title ? title[group] : group) "\n.Bl -tag -width Ds\n"
	}
	list = list ".It Va " name "\n" help ".\n"
}

/^STAT\(/ {
	split($0, part, /^STAT\(|, "|", "|"\)$/)
	counter(part[3], part[2], part[4])
}

# with a label: several rows of one name
/^FIGURE\(/ {
	n = split($0, part, "\"")
	split(part[3], word, /, */)
	if (part[2] word[2] != last)
		counter(part[2], word[2], part[n - 1] (n > 5 ? " (by " part[4] ")" : ""))
	last = part[2] word[2]
}

FILENAME ~ /[.]def$/ {
	next
}

$0 == "@counters@" {
	printf "%s.El\n", list
	next
}

{
	print
}
