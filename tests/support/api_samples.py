"""For each operation of docs/openapi.yaml a request that is well-formed, over a server that has something of each kind."""

import base64
import hashlib
import json

import otter
import own_token
import raw_http

KEY = base64.urlsafe_b64encode(b"k" * 32).rstrip(b"=").decode()
SECRET = base64.urlsafe_b64encode(b"s" * 32).rstrip(b"=").decode()
NONCE = base64.urlsafe_b64encode(b"0123456789abcdef").rstrip(b"=").decode()
UPLOAD = b"an upload that is never finished"


def spki(path):
    """A PEM public key as the API has it."""
    body = "".join(line for line in path.read_text().splitlines() if "-----" not in line)
    return base64.urlsafe_b64encode(base64.b64decode(body)).rstrip(b"=").decode()


class Prepared:
    """A world with a root, two releases, an image key, two devices of which one has an attempt, and an upload under way."""

    def __init__(self, folder):
        self.world = otter.World(folder, ["--enrol", "fleet-key"])
        self.server = self.world.server
        try:
            self._prepare()
        except BaseException:
            self.stop()
            raise

    def _prepare(self):
        self.world.start()
        self.fleet = self.world.fleet(1)
        self.release = self.world.publish("1.1.0")
        self.spare = self.world.publish("1.2.0")
        self.blob = hashlib.sha256(self.world.image("1.1.0", "A").read_bytes()).hexdigest()
        self.manifest = (self.world.folder / "1.1.0.release.json").read_bytes()
        self.server.json("POST", "/api/v1/devices", self.device("own-1"), expect=201)
        self.rollout = self.world.rollout(self.release, target="id == own-1")
        self.draft = self.world.rollout(self.release, start=False)
        assert self.server.request("POST", "/v1/device/poll", self.poll(), token=SECRET)[0] == 200
        self.attempt = self.server.json("GET", "/api/v1/devices/own-1/attempts")["items"][0]["id"]
        self.server.json("POST", "/api/v1/devices/rotate", {"ids": ["own-1"]})
        for name in ("lab", "spare"):
            self.server.json("PUT", f"/api/v1/groups/{name}", {"target": f"tag == {name}"}, expect=201)
        self.server.json("POST", "/api/v1/operators", {"name": "eve", "grants": []}, expect=201)
        self.spare_token = self.server.json("POST", "/api/v1/tokens", {"label": "spare"}, expect=201)["id"]
        self.first_entry = self.server.json("GET", "/api/v1/audit?limit=1")["items"][0]["hash"]
        self.fleet_key = self.server.json("POST", "/api/v1/fleet-keys", {"product": otter.PRODUCT, "secret": KEY}, expect=201)["id"]
        self.upload = hashlib.sha256(UPLOAD).hexdigest()
        self.server.json("POST", "/api/v1/uploads", {"sha256": self.upload, "size": len(UPLOAD)}, expect=201)
        self.bodies = self._bodies()

    def stop(self):
        process = self.server.process
        assert process is None or process.poll() is None, self.server.log.read_text()[-4000:]
        self.world.stop()

    def connection(self):
        return raw_http.Connection(("127.0.0.1", self.server.port))

    @staticmethod
    def device(name):
        return {"id": name, "product": otter.PRODUCT, "hardware": otter.HARDWARE, "secret": SECRET}

    @staticmethod
    def running():
        return {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True}

    @staticmethod
    def own_token(name):
        return {"device": name, "product": otter.PRODUCT, "hardware": otter.HARDWARE, "nonce": NONCE, "token": SECRET}

    def poll(self):
        return {"device": "own-1", "product": otter.PRODUCT, "hardware": otter.HARDWARE, "running": self.running(),
                "epoch": 1, "sequence": 0, "root": 1, "nonce": NONCE, "caps": {"ram": 0, "covers": 0}}

    def _bodies(self):
        some = {"ids": ["dev-1"]}
        return {
            "poll": self.poll(),
            "report": {"device": "own-1", "attempt": self.attempt, "step": 1, "state": "downloading",
                       "running": self.running()},
            "putAttributes": {"site": "oslo"},
            "publishRoot": self.world.root.read_bytes(),
            "publishRelease": self.manifest,
            "createUpload": {"sha256": "ab" * 32, "size": 7},
            "patchUpload": UPLOAD[:4],
            "addImageKey": {"product": "other", "spki": spki(self.world.pub("image"))},
            "createRollout": {"release": self.release, "target": "all", "phases": [5, 100], "name": "spring"},
            "previewPlan": {"release": self.release, "target": "all", "phases": [5, 100]},
            "createDevice": {**self.device("new-1"), "tags": ["lab"], "attributes": {"site": "oslo"}},
            "createDevices": {"items": [self.device("new-1")]},
            "patchDevice": {"tags": {"add": ["lab"], "remove": ["field"]}, "attributes": {"site": None}},
            "labelDevices": {**some, "add_tags": ["lab"], "remove_tags": ["field"], "attributes": {"site": "oslo"}},
            "holdDevices": {**some, "reason": "under repair"},
            "unholdDevices": some,
            "pinDevices": {**some, "release": self.release},
            "unpinDevices": some,
            "retryDevices": {**some, "rollout": self.rollout},
            "retireDevices": {**some, "reason": "scrapped"},
            "reinstateDevices": some,
            "rotateTokens": some,
            "revokeTokens": {**some, "reason": "stolen"},
            "acceptDevices": {"items": [{"id": "asker", "fingerprint": ""}]},
            "rejectDevices": {"items": [{"id": "asker"}]},
            "addFleetKey": {"product": "other", "secret": SECRET},
            "offerToken": self.own_token("own-1"),
            "enrolDevice": self.own_token("new-2"),
            "importDevices": {"items": [{**self.device("new-1"), "tags": ["lab"]}]},
            "withdrawRelease": {"reason": "bad motor code"},
            "collectGarbage": {"keep": 3},
            "freeze": {"reason": "holidays"},
            "unfreeze": {},
            "putGroup": {"target": "tag == lab", "poll_interval": 600},
            "addOperator": {"name": "adam", "grants": [{"role": "viewer", "product": otter.PRODUCT}]},
            "changeOperator": {"grant": [{"role": "operator", "product": "*"}]},
            "makeToken": {"label": "pipeline", "expires_in": 3600},
            "pruneAudit": {"through": 1, "hash": self.first_entry},
            "backup": {"dir": str(self.world.folder / "backup")},
        }

    # --- parts of a request

    def target(self, op, missing=False):
        """The path of an operation; missing: of an object that does not exist."""
        values = {
            "{sha256}": self.blob if op.path.startswith("/v1/blobs") else
                        self.fleet_key if op.id == "removeFleetKey" else self.spare if op.id == "withdrawRelease" else self.release,
            "{n}": "1" if "roots" in op.path else str(self.spare_token) if "tokens" in op.path else str(self.draft),
            "{id}": self.upload if "uploads" in op.path else "own-1",
            "{name}": "spare" if op.id == "deleteGroup" else "eve" if "operators" in op.path else "lab",
        }
        none = {"{sha256}": "0" * 64, "{n}": "99999", "{id}": "0" * 64, "{name}": "no:group"}
        path = op.path
        for name, value in (none if missing else values).items():
            path = path.replace(name, value)
        return path

    @staticmethod
    def required(op):
        """What belongs in the query of every request of the operation, as name=value."""
        values = {"device": "own-1"}
        wanted = [p["name"] for p in op.spec.get("parameters", []) if p.get("in") == "query" and p.get("required")]
        return "&".join(f"{name}={values[name]}" for name in wanted)

    def body(self, op):
        """Bytes, None where the operation takes none."""
        if "requestBody" not in op.spec:
            return None
        body = self.bodies[op.id]
        return body if isinstance(body, bytes) else json.dumps(body).encode()

    def headers(self, op):
        headers = {}
        if "requestBody" in op.spec:
            headers["Content-Type"] = next(iter(op.spec["requestBody"]["content"])) \
                if "content" in op.spec["requestBody"] else "application/jose+json"
        if op.parameter("header", "Upload-Offset"):
            headers["Upload-Offset"] = "0"
        if op.parameter("header", "Otter-Device"):
            headers["Otter-Device"] = "own-1"
        return headers

    def token(self, op, body=b""):
        schemes = {name for way in op.spec.get("security", [{"operator": []}]) for name in way}
        if schemes == {"proof"}:
            return own_token.prove(own_token.secret_of(KEY), "new-2", op.method, op.path, body)["Authorization"]
        return self.server.token if "operator" in schemes else SECRET if "device" in schemes else None
