"""Real clients, and what each of them does: uploads that egret has to find, and a day at the office that it
has to stay quiet about."""
import dataclasses
import os
import threading
import time

import sink_mega
from base import HERE, Failure, run, wait_until

PINNED = b"sha256//0W38e765pAfPqS3DqSVOrPsC4MEOvRBaXQ7nY1AJ47E="  # MEGA's key, inside megatools
MB = 1_000_000
# what Chromium looks up on its own, whatever the options; the names of the lab go by DNS
NO_CHATTER = "MAP *.google.com ~NOTFOUND, MAP update.googleapis.com ~NOTFOUND"


@dataclasses.dataclass
class Upload:
    """One thing to be found. `names` are where its bytes arrive."""
    client: str
    service: str
    what: str
    transport: str
    names: tuple
    slow: bool = False  # so slow that it must be found before it is over
    begun: float = 0.0
    ended: float = 0.0


UPLOADS = (
    Upload("10.77.0.11", "pCloud", "rclone, WebDAV", "tcp", ("webdav.pcloud.com",)),
    Upload("10.77.0.11", "Amazon S3", "rclone, S3 in parts", "tcp", ("acme-backups.s3.eu-west-1.amazonaws.com",)),
    Upload("10.77.0.11", "DigitalOcean Spaces", "s3cmd", "tcp",
           ("acme-lab.fra1.digitaloceanspaces.com",)),
    Upload("10.77.0.12", "BorgBase", "restic", "tcp", ("k9x2v7q1.repo.borgbase.com",)),
    Upload("10.77.0.12", "MEGA", "megatools", "http", ("gfs270n080.userstorage.mega.co.nz", "g.api.mega.co.nz")),
    Upload("10.77.0.12", "Dropbox", "curl, HTTP/1.1, slowly", "tcp", ("content.dropboxapi.com",), slow=True),
    Upload("fd77::12", "bashupload", "curl, HTTP/2, IPv6", "tcp", ("bashupload.com",)),
    Upload("10.77.0.12", "transfer.sh", "curl, no TLS", "http", ("transfer.sh",)),
    Upload("10.77.0.13", "Google Cloud Storage", "Chromium, QUIC", "quic", ("storage.googleapis.com",)),
    Upload("10.77.0.13", "GoFile", "Chromium, TCP", "tcp", ("store1.gofile.io",)),
)
# (client, service) of which the lookup of the name alone is a finding
LOOKUPS = (("10.77.0.14", "Anonfiles"),)
# where a client reads and sends nothing much: that it does may be remarked, in low words
VISITS = (("10.77.0.14", "Dropbox"),)


class Clients:
    def __init__(self, lab, net, services):
        self.lab, self.net, self.services = lab, net, services
        self.pass_number = 0
        for name, size in ("small", 5 * MB), ("middle", 12 * MB), ("large", 30 * MB):
            with open(lab.path(name), "wb") as f:
                f.write(os.urandom(size))
        self.megatools()

    def megatools(self):
        """Megatools trusts one key for the API, that of MEGA; a copy of it trusts ours."""
        with open("/usr/bin/megatools", "rb") as f:
            program = f.read()
        if program.count(PINNED) != 1:
            raise Failure("this megatools has another pinned key")
        with open(self.lab.path("megatools"), "wb") as f:
            f.write(program.replace(PINNED, b"sha256//" + self.services.spki.encode()))
        os.chmod(self.lab.path("megatools"), 0o755)

    def do(self, box, *command, limit=60, **env):
        return run(*self.net.inside(f"client{box}"), *command, limit=limit, cwd=self.lab.folder,
                   env={**self.lab.bare, **env})

    def curl(self, box, *words, limit=60):
        return self.do(box, "curl", "-sS", "--fail", "-o", "/dev/null", "--max-time", str(limit), *words,
                       limit=limit + 5)

    def browse(self, box, url, arrival, *options):
        """Opens a page in a new Chromium, and closes it once its upload has arrived."""
        before = len(self.services.received())
        profile = self.lab.path(f"chromium-{box}-{self.pass_number}-{time.monotonic_ns()}")
        browser = self.lab.start(
            "chromium", *self.net.inside(f"client{box}"), "chromium", "--headless", "--no-sandbox", "--disable-gpu",
            "--no-first-run", f"--user-data-dir={profile}", "--disable-background-networking",
            "--disable-component-update", "--disable-default-apps", "--disable-sync", "--disable-domain-reliability",
            "--no-pings", f"--host-resolver-rules={NO_CHATTER}",
            f"--ignore-certificate-errors-spki-list={self.services.spki}", *options, url)
        try:
            wait_until(f"upload of Chromium: {arrival}", lambda: any(
                r[1:4] == (*arrival, "POST") for r in self.services.received()[before:]), limit=60)
            time.sleep(0.3)
        finally:
            self.lab.stop(browser, limit=5)

    def storage_tools(self):
        yield UPLOADS[0]
        self.rclone("large", f":webdav:Backups/projects{self.pass_number}.tar", "--webdav-url",
                    "https://webdav.pcloud.com", "--webdav-vendor", "other")
        yield UPLOADS[1]
        self.rclone("middle", f":s3:acme-backups/weekly/db{self.pass_number}.dump", "--s3-provider", "AWS",
                    "--s3-region", "eu-west-1", "--s3-access-key-id", "example", "--s3-secret-access-key", "example",
                    "--s3-no-check-bucket", "--s3-force-path-style=false", "--s3-upload-cutoff", "5Mi",
                    "--s3-chunk-size", "5Mi")
        yield UPLOADS[2]
        self.do(11, "s3cmd", "--config", "/dev/null", "--access_key=example", "--secret_key=example", "--region=fra1",
                "--host=fra1.digitaloceanspaces.com", "--host-bucket=%(bucket)s.fra1.digitaloceanspaces.com",
                "--multipart-chunk-size-mb=5", "--no-progress", "put", "middle", "s3://acme-lab/outbox/report.bin")

    def rclone(self, source, *words):
        self.do(11, "rclone", "--config", "/dev/null", "--retries", "1", "--low-level-retries", "1", "copyto", source,
                *words)

    def command_line(self):
        yield UPLOADS[3]
        restic = ("restic", "--no-cache", "-r", f"rest:https://k9x2v7q1.repo.borgbase.com/home{self.pass_number}/")
        self.do(12, *restic, "init", RESTIC_PASSWORD="lab")
        self.do(12, *restic, "backup", "middle", RESTIC_PASSWORD="lab")
        yield UPLOADS[4]
        self.do(12, self.lab.path("megatools"), "put", "--ignore-config-file", "--no-progress", "-u", "lab@example.com",
                "-p", sink_mega.PASSWORD, "--reload", "--ip-proto", "v4", "--path",
                f"/Root/report{self.pass_number}.bin", "small")
        yield UPLOADS[5]
        self.curl(12, "--http1.1", "--limit-rate", "1M", "--data-binary", "@small", "-H",
                  "Content-Type: application/octet-stream", "https://content.dropboxapi.com/2/files/upload")
        yield UPLOADS[6]
        self.curl(12, "-6", "--http2", "--upload-file", "small", "https://bashupload.com/logs.tgz")
        yield UPLOADS[7]
        self.curl(12, "--upload-file", "small", "http://transfer.sh/core.gz")

    def browser(self):
        yield UPLOADS[8]
        self.browse(13, f"https://storage.googleapis.com/?bytes={10 * MB}", ("storage.googleapis.com", "quic"),
                    "--origin-to-force-quic-on=storage.googleapis.com:443")
        yield UPLOADS[9]
        self.browse(13, f"https://store1.gofile.io/?bytes={8 * MB}", ("store1.gofile.io", "tcp"), "--disable-quic")

    def office(self):
        """An ordinary day. Nothing of it is an upload to a storage service."""
        noise = self.lab.start("noise", *self.net.inside("client14"), "/usr/bin/python3",
                               os.path.join(HERE, "noise.py"))
        self.browse(14, "https://www.example-news.test/", ("metrics.example-news.test", "tcp"),
                    "--disable-quic")
        self.browse(14, "https://video.example-stream.test/", ("video.example-stream.test", "quic"),
                    "--origin-to-force-quic-on=video.example-stream.test:443")
        self.curl(14, "-4", "--http2", "https://www.example-news.test/")
        self.curl(14, "--http2", "https://www.dropbox.com/")
        self.curl(14, "--http2", "https://dl.dropboxusercontent.com/shared.zip")
        self.curl(14, "--http1.1", "https://notmega.nz/")
        self.curl(14, "--http1.1", "https://ufile.io.example.com/")
        self.curl(14, "--http2", "--data-binary", "@small", "https://ufile.io.example.com/comment")
        self.curl(14, "-6", "http://deb.example-mirror.test/hello.deb")
        self.curl(14, "--data", "page=Meeting+room&text=Ask+at+the+desk", "http://wiki.corp.example/edit")
        # much, but to the office's own file server
        self.curl(14, "--upload-file", "large", "http://files.corp.example/team/holiday-pictures.zip")
        self.lab.stop(noise)
        yield from ()

    def all_at_once(self):
        """Every client does its day; returns the uploads with their times."""
        self.pass_number += 1
        failures = []

        def day(steps):
            current = None
            try:
                for upload in steps():
                    if current:
                        current.ended = time.time()
                    current = upload
                    current.begun = time.time()
            except Exception as e:  # told by whoever waits for the threads
                failures.append(f"{current.what if current else steps.__name__}: {e}")
            finally:
                if current:
                    current.ended = time.time()

        threads = [threading.Thread(target=day, args=(s,))
                   for s in (self.storage_tools, self.command_line, self.browser, self.office)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if failures:
            raise Failure("clients failed:\n" + "\n".join(failures))
        return UPLOADS
