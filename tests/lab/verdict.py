"""egret's word held against that of the servers."""
from base import say
from sensor import uploads_of

NEAR = 0.01  # of what the server received


def bodies(uploads, received):
    """{(client, service): bytes} of the requests that the servers have taken."""
    service = {n: u.service for u in uploads for n in u.names}
    out = {}
    for client, name, _, _, _, size in received:
        if name in service:
            key = client, service[name]
            out[key] = out.get(key, 0) + size
    return out


def arrived(uploads, taken, datagrams):
    """{(client, service): bytes} to be held against: those of the requests; for QUIC, whose packets hide how much
    of them is contents and what is sent again, the payload of the datagrams that came to the server."""
    out = dict(taken)
    for u in uploads:
        if u.transport == "quic":
            out[u.client, u.service] = sum(datagrams.get((u.client, n), 0) for n in u.names)
    return out


def by_records(uploads, records):
    """{(client, service): bytes} from the records that end connections."""
    service = {n: u.service for u in uploads for n in u.names}
    out = {}
    for r in records:
        name = r.get("destination", {}).get("domain")
        if name in service and "end" in r["egret"]:
            key = r["source"]["ip"], service[name]
            out[key] = out.get(key, 0) + r["source"]["bytes"]
    return out


def by_findings(findings):
    """{(client, service): bytes}: a finding that grows is told again, and its last word counts."""
    out = {}
    for f in findings:
        key = uploads_of(f)
        if key and f["source"]["bytes"]:
            out[key] = max(out.get(key, 0), f["source"]["bytes"])
    return out


def error(figure, truth):
    return (figure - truth) / truth if truth else float("inf")


def volumes(uploads, taken, truth, found, recorded):
    """Prints the table; returns what is wrong."""
    wrong = []
    say(f"{'CLIENT':11} {'SERVICE':21} {'WITH':23} {'RECEIVED':>10} {'FINDING':>10} {'ERROR':>7} {'RECORDS':>10}")
    for u in uploads:
        key = u.client, u.service
        t, f, r = truth.get(key, 0), found.get(key, 0), recorded.get(key, 0)
        say(f"{u.client:11} {u.service:21} {u.what:23} {t:10} {f:10} {100 * error(f, t):+6.2f}% {r:10}")
        if u.transport == "quic":
            say(f"{'':57} {taken.get(key, 0):10} of it contents: {100 * error(f, taken.get(key, 0)):+.2f}%")
        if t < 1_000_000:
            wrong.append(f"{u.client} to {u.service}: the server received {t} only")
        for what, figure in ("finding", f), ("records", r):
            if abs(error(figure, t)) > NEAR:
                wrong.append(f"{u.client} to {u.service}: {figure} in its {what}, the server received {t}")
    return wrong


def false_words(uploads, lookups, visits, findings):
    """Findings about what was no upload."""
    meant = {(u.client, u.service) for u in uploads} | set(lookups)
    # who uses both families has two addresses, and looks a name up over one of them
    meant |= {(other(c), s) for c, s in meant}
    visited = {*visits, *((other(c), s) for c, s in visits)}
    wrong = []
    for f in findings:
        e = f["egret"]["finding"]
        who = f["source"].get("ip")
        if e["kind"] in ("rule", "correlation") and e["level"] in ("low", "informational") and \
                (who, e.get("service")) in visited:
            continue
        if (who, e.get("service")) not in meant:
            names = [n["name"] for n in e.get("names", [])]
            wrong.append(f"said of {who}: {f['rule']['name']} ({e.get('service')}, {names}, "
                         f"{f['source']['bytes']} bytes)")
    return sorted(set(wrong))


def other(client):
    return "fd77::" + client.rsplit(".", 1)[1] if "." in client else "10.77.0." + client.rsplit(":", 1)[1]
