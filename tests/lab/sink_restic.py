"""As much of restic's REST protocol as a backup needs. What is uploaded is kept in memory."""
import json

FILES = {}  # path -> bytes


def answer(method, path, body, want):
    """(status, bytes, headers) for a request; want is its Range header or None."""
    path, _, query = path.partition("?")
    if method == "POST":
        if "create=true" not in query:
            FILES[path] = body
        return 200, b"", {}
    if method == "DELETE":
        return (200 if FILES.pop(path, None) is not None else 404), b"", {}
    if path.endswith("/"):
        names = [{"name": p[len(path):], "size": len(b)} for p, b in FILES.items() if p.startswith(path)]
        return 200, json.dumps(names).encode(), {"Content-Type": "application/vnd.x.restic.rest.v2"}
    if path not in FILES:
        return 404, b"", {}
    body = FILES[path]
    if want and want.startswith("bytes="):
        first, _, last = want[6:].partition("-")
        start, end = int(first), int(last) + 1 if last else len(body)
        return 206, body[start:end], {"Content-Range": f"bytes {start}-{end - 1}/{len(body)}"}
    return 200, body, {}
