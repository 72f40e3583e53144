"""docs/openapi.yaml as a judge: is this exchange over HTTP one that the description allows?"""

import dataclasses
import functools
import hashlib
import json
import pathlib
import re
import urllib.parse

import jsonschema
import yaml

PATH = pathlib.Path(__file__).resolve().parents[2] / "docs/openapi.yaml"
METHODS = ("get", "head", "post", "put", "patch", "delete")
# What any reply may carry without being described for it.
COMMON_HEADERS = {"date", "content-length", "content-type", "connection", "cache-control",
                  "server", "transfer-encoding", "keep-alive"}  # the last three a proxy's
PROBLEM = "application/problem+json"
SECRET = "(secret)"  # what `otter --trace` writes in place of one


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """A key twice in one map is an error, not a silent loss."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: twice in one map: {twice}")
        return super().construct_mapping(node, deep)


@dataclasses.dataclass
class Exchange:
    """A request and its reply. None: not known (a trace does not have every byte)."""

    method: str
    target: str  # path and query, as sent
    status: int
    sent_headers: dict = dataclasses.field(default_factory=dict)  # lower-case names
    sent: bytes = None
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = None
    all_headers: bool = True  # False: `headers` has only some of them

    @property
    def path(self):
        return urllib.parse.unquote(self.target.split("?", 1)[0])

    @property
    def query(self):
        return urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query, keep_blank_values=True)

    @property
    def codes(self):
        """The `code` of a problem, or those of the refused among many; [None]: none."""
        if not self.body or not self.headers.get("content-type", "").endswith("json"):
            return [None]
        try:
            told = json.loads(self.body)
        except ValueError:
            return [None]  # violations() says so
        errors = told.get("errors") or [{}]
        return [told["code"]] if "code" in told else sorted({error.get("code") for error in errors}, key=str)


@dataclasses.dataclass
class Operation:
    id: str
    method: str
    path: str
    pattern: re.Pattern
    spec: dict
    parameters: list

    def parameter(self, place, name):
        return next((p for p in self.parameters if p["in"] == place and p["name"].lower() == name.lower()), None)


def takes_number(op):
    return any(p["in"] == "path" and p["schema"].get("type") == "integer" for p in op.parameters)


def strict_json(text):
    def once(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise ValueError(f"a member twice: {names}")
        return dict(pairs)
    return json.loads(text, object_pairs_hook=once)


def ref_once(validator, ref, instance, schema):
    """The keyword $ref; what fitted is not judged again: lists repeat their items from page to page, and judging takes longer
    than all that is judged."""
    if isinstance(instance, (dict, list)):
        text = json.dumps(instance, separators=(",", ":"))
        key = (ref, hashlib.blake2b(text.encode(), digest_size=16).digest())
    else:
        key = (ref, type(instance), instance)  # 1, 1.0 and True are equal
    fitting = validator.resolver.fitting
    if key in fitting:
        return
    fits = True
    for error in jsonschema.Draft202012Validator.VALIDATORS["$ref"](validator, ref, instance, schema):
        fits = False
        yield error
    if fits:
        fitting.add(key)


Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"$ref": ref_once})


class Description:
    def __init__(self, text):
        self.document = yaml.load(text, Loader)
        self.resolver = jsonschema.RefResolver.from_schema(self.document)
        self.resolver.fitting = set()  # (reference, digest or scalar): what was judged, and fits
        self.operations = [op for path, item in self.document["paths"].items() for op in self._operations(path, item)]
        self.by_id = {op.id: op for op in self.operations}
        self._validators = {}

    def _operations(self, path, item):
        pattern = re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)))
        shared = item.get("parameters", [])
        for method in METHODS:
            if method in item:
                parameters = [self.resolved(p) for p in [*shared, *item[method].get("parameters", [])]]
                yield Operation(item[method]["operationId"], method.upper(), path, pattern, item[method], parameters)

    def resolved(self, node):
        while isinstance(node, dict) and "$ref" in node and len(node) == 1:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def responses(self, op):
        """{status: response object}"""
        return {int(status): self.resolved(response) for status, response in op.spec["responses"].items()}

    def find(self, method, path):
        """(operation or None, the methods that the path has)."""
        fit = [op for op in self.operations if op.pattern.fullmatch(path)]
        if any("{" not in op.path for op in fit):
            fit = [op for op in fit if not takes_number(op)]  # such as /rollouts/preview, which names no rollout
        fit.sort(key=lambda op: op.path.count("{"))
        allow = {op.method for op in fit}
        if "GET" in allow:
            allow.add("HEAD")
        wanted = [op for op in fit if op.method == method] or \
            [op for op in fit if method == "HEAD" and op.method == "GET"]
        return (wanted[0] if wanted else None), allow

    def validator(self, schema):
        key = id(schema)
        if key not in self._validators:
            self._validators[key] = Validator(schema, resolver=self.resolver,
                                              format_checker=jsonschema.draft202012_format_checker)
        return self._validators[key]

    def misfits(self, schema, value, what):
        """At most five, so that a page of a thousand wrong items can be read."""
        found = []
        for error in self.validator(schema).iter_errors(value):
            found.append(f"{what} {error.json_path}: {deepest(error).message[:300]}")
            if len(found) == 5:
                break
        return found

    def codes(self, response):
        """The codes that a response is described with; None: it is no problem."""
        content = response.get("content", {}).get(PROBLEM)
        return None if content is None else sorted(self._codes_of(content["schema"]))

    def _codes_of(self, schema):
        own = schema.get("properties", {}).get("code", {})
        if "const" in own or "enum" in own:
            return {own["const"]} if "const" in own else set(own["enum"])
        return self._codes_of(self.resolver.resolve(schema["$ref"])[1]) if "$ref" in schema else set()

    # --- judging

    def violations(self, x):
        op, allow = self.find(x.method, x.path)
        if op is None:
            return self._no_operation(x, allow)
        response = self.responses(op).get(x.status)
        if response is None:
            return [f"{op.id}: {x.status} is not described"]
        found = self._headers(x, response) + self._body(x, response)
        if 200 <= x.status < 300:
            found += self._query(x, op) + self._request(x, op)
        return [f"{op.id} {x.status}: {text}" for text in found]

    def _no_operation(self, x, allow):
        found = []
        if x.status == 401:
            return []  # who asks is decided first
        if x.status != (405 if allow else 404):
            found.append(f"{x.method} {x.path} is not described, and is answered {x.status}")
        if allow and x.all_headers and set(x.headers.get("allow", "").split(", ")) != allow:
            found.append(f"Allow is {x.headers.get('allow')!r}, described are {sorted(allow)}")
        if x.method != "HEAD" and x.body is not None:
            found += self._content(x, {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}})
        return found

    def _headers(self, x, response):
        described = {name.lower(): self.resolved(spec) for name, spec in response.get("headers", {}).items()}
        found = []
        for name, spec in described.items():
            if name in x.headers:
                value = x.headers[name]
                wants = self.resolved(spec["schema"])
                if wants.get("type") == "integer":
                    value = int(value) if value.isdigit() else value
                found += self.misfits(spec["schema"], value, f"header {name}")
            elif spec.get("required") and x.all_headers:
                found.append(f"header {name} is missing")
        found += [f"header {name} is not described" for name in set(x.headers) - set(described) - COMMON_HEADERS]
        return found

    def _body(self, x, response):
        content = response.get("content")
        if x.method == "HEAD":
            return ["a HEAD was answered with a body"] if x.body else []
        if not content:
            return ["a body, where none is described"] if x.body else []
        return self._content(x, content)

    def _content(self, x, content):
        kind = x.headers.get("content-type")
        if kind not in content:
            return [f"Content-Type {kind!r}, described: {', '.join(content)}"]
        schema = content[kind].get("schema")
        if schema is None or not kind.endswith("json") or x.body is None:
            return []
        try:
            value = strict_json(x.body)
        except ValueError as error:
            return [f"no JSON: {error}"]
        found = self.misfits(schema, value, "body")
        if kind == PROBLEM and isinstance(value, dict) and value.get("status") != x.status:
            found.append(f"a problem of status {value.get('status')}")
        return found

    def _query(self, x, op):
        found = []
        for name, value in x.query:
            spec = op.parameter("query", name)
            if spec is None:
                found.append(f"the query parameter {name} was accepted and is not described")
                continue
            if self.resolved(spec["schema"]).get("type") == "integer" and re.fullmatch("-?[0-9]+", value):
                value = int(value)
            found += self.misfits(spec["schema"], value, f"query {name}")
        return found

    def _request(self, x, op):
        body = self.resolved(op.spec.get("requestBody"))
        if body is None or x.sent is None:
            return []
        kind = x.sent_headers.get("content-type", next(iter(body["content"]))).split(";")[0]
        if kind not in body["content"]:
            return [f"a request of type {kind} was accepted, described: {', '.join(body['content'])}"]
        schema = body["content"][kind].get("schema")
        if schema is None:
            return []
        sent = without_refused(unhide(json.loads(x.sent)), x.body)
        return self.request_misfits(schema, sent, "the accepted request")

    def request_misfits(self, schema, value, what):
        """In a request null stands for an optional member that is absent."""
        return self.misfits(schema, self.without_nulls(schema, value), what)

    def without_nulls(self, schema, value):
        while "$ref" in schema:
            schema = self.resolver.resolve(schema["$ref"])[1]
        if isinstance(value, list) and "items" in schema:
            return [self.without_nulls(schema["items"], inner) for inner in value]
        if not isinstance(value, dict):
            return value
        known = schema.get("properties", {})
        return {name: self.without_nulls(known.get(name, {}), inner) for name, inner in value.items()
                if inner is not None or name not in known or name in schema.get("required", [])}


def deepest(error):
    """Of an anyOf or oneOf: the branch that came furthest says more than "is not valid under any"."""
    return max(error.context, key=lambda inner: len(inner.absolute_path)) if error.context else error


def without_refused(sent, body):
    """Of a batch, the items that the reply does not name among its errors."""
    errors = json.loads(body).get("errors", []) if body and isinstance(sent, dict) and "items" in sent else []
    refused = {error["index"] for error in errors if "index" in error}
    if not refused:
        return sent
    return {**sent, "items": [item for i, item in enumerate(sent["items"]) if i not in refused]}


def unhide(value):
    """A secret that a trace hides stands for one of the right form."""
    if isinstance(value, dict):
        return {name: "A" * 43 if inner == SECRET else unhide(inner) for name, inner in value.items()}
    return [unhide(inner) for inner in value] if isinstance(value, list) else value


@functools.lru_cache(maxsize=1)
def description():
    return Description(PATH.read_text())
