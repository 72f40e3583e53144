"""nginx beside otterd: everything in one folder, its own process, two workers, loopback."""

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
worker_processes {workers};
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
        listen 127.0.0.1:{port} reuseport backlog=4096;
        root "{folder}/www";
        location = /v1/device/poll {{ default_type application/json; return 200 '{reply}'; }}
    }}
}}
"""


def executable():
    # /usr/sbin is not on every user's path.
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")


class Nginx:
    def __init__(self, folder, *, workers, connections, files):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.process = None
        (self.folder / "www/v1/blobs").mkdir(parents=True)
        self.config = self.folder / "nginx.conf"
        self.config.write_text(CONFIG.format(folder=self.folder, workers=workers, connections=connections, files=files,
                                             port=self.port, reply=REPLY, user="user root;" if os.getuid() == 0 else ""))

    @property
    def pid(self):
        return self.process.pid

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def add_blob(self, name, data):
        (self.folder / "www/v1/blobs" / name).write_bytes(data)

    def start(self):
        self.process = subprocess.Popen([executable(), "-c", self.config, "-e", self.folder / "error.log"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
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
