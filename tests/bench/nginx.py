"""nginx beside otterd: everything in one folder, its own processes, loopback."""

import os
import pathlib
import shutil
import socket
import subprocess
import time

from ports import free_port  # tests/support

# As many bytes as a reply of the usual size; nginx looks nothing up and decides nothing: a strict yardstick.
REPLY = '{"retry_after":3600,"root":1,"filler":"' + "x" * 276 + '"}'
assert len(REPLY) == 317

CONFIG = """\
daemon off;
{user}
{processes}
worker_rlimit_nofile {files};
pid "{folder}/nginx.pid";
error_log "{folder}/error.log";
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush off;
    keepalive_timeout 300s;
    keepalive_requests 1000000000;
    default_type application/octet-stream;
    client_body_temp_path "{folder}/t1";
    proxy_temp_path "{folder}/t2";
    fastcgi_temp_path "{folder}/t3";
    uwsgi_temp_path "{folder}/t4";
    scgi_temp_path "{folder}/t5";
    server {{
        listen 127.0.0.1:{port} {ssl} reuseport backlog=4096;
        {certificate}
        root "{folder}/www";
        location = /v1/device/poll {{ default_type application/json; return 200 '{reply}'; }}
        location = /v1/device/report {{ default_type application/json; return 200 '{{"continue":true}}'; }}
    }}
}}
"""

# Tickets as otterd has them; one key for both workers.
CERTIFICATE = """\
ssl_certificate "{tls}/server.pem";
        ssl_certificate_key "{tls}/server.key";
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:sessions:4m;
        ssl_session_tickets on;"""


def executable():
    # /usr/sbin is not on every user's path.
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")


class Nginx:
    """workers: 0 serves in one process, which `command` (a debugger, say) may run. tls: a folder with server.pem and .key."""

    def __init__(self, folder, *, workers, connections, files, tls=None, command=()):
        self.folder = pathlib.Path(folder)
        self.port, self.scheme = free_port(), "https" if tls else "http"
        self.process, self.command = None, [*command, executable()]
        (self.folder / "www/v1/blobs").mkdir(parents=True)
        self.config = self.folder / "nginx.conf"
        self.config.write_text(CONFIG.format(
            folder=self.folder, connections=connections, files=files, port=self.port, reply=REPLY,
            processes=f"worker_processes {workers};" if workers else "master_process off;",
            user="user root;" if os.getuid() == 0 else "", ssl="ssl" if tls else "",
            certificate=CERTIFICATE.format(tls=tls) if tls else ""))

    @property
    def pid(self):
        return self.process.pid

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def add_blob(self, name, data):
        (self.folder / "www/v1/blobs" / name).write_bytes(data)

    def start(self, seconds=10):
        self.process = subprocess.Popen([*self.command, "-c", self.config, "-e", self.folder / "error.log"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("nginx did not start:\n" + (self.folder / "error.log").read_text())

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
