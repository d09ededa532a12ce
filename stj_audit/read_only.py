"""
The read-only guard: the only place that makes sessions of AWS, and each has an allow-list of operations and of their parameters.

It stands at three walls of every client of a session: before the parameters are looked at, before the request is built, and before it is
sent, where what counts is what the request itself says, once more when all other handlers have run. What is not on the list raises
WriteRefused, nothing is sent, and the run fails (see `refusals`). A list is what its owner sends and no more: that of the audit is in
`scanners.guard`, those of the history, of reports and of mail are in `deliver`. The calls by which botocore itself gets credentials are on
every list.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import botocore.session
import orjson
from botocore.hooks import BaseEventHooks

from stj_audit.refusals import refuse

Parameters = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What begins with `prefix` in a bucket, or is just that."""

    bucket: str
    prefix: str
    exact: bool = False

    def has(self, key: str) -> bool:
        return key == self.prefix if self.exact else key.startswith(self.prefix)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """
    How one operation may be called: with any value of the parameters in `may`, with just these of those in `must`, of S3 at this place; and
    `check` says of all of them whether they are right. `method` and `path` are of services whose operations are told apart by these; a path
    is that of botocore's model, with "*" for what is asked for, and S3 has none: its paths are places.
    """

    may: frozenset[str] = frozenset()
    must: Parameters = field(default_factory=dict)
    place: Place | None = None
    check: Callable[[Parameters], bool] | None = None
    method: str = "GET"
    path: str | None = None
    json_body: bool = False
    """Whether the body that is sent is looked at too, as it is of every service with X-Amz-Target."""

    def wrong_in(self, parameters: Parameters) -> str | None:
        """What is wrong, without any value; None: nothing."""
        for name in parameters:
            if name not in self.may and name not in self.must:
                return name
        for name, value in self.must.items():
            if name not in parameters or parameters[name] != value:
                return name
        if self.place is not None and not self._is_at(self.place, parameters):
            return "they are outside of the place that was named"
        return "what they ask for" if self.check is not None and not self.check(parameters) else None

    def _is_at(self, place: Place, parameters: Parameters) -> bool:
        """Of a call for the whole bucket, only the bucket."""
        named = parameters.get("Key", parameters.get("Prefix"))
        bucket_only = self.method == "HEAD"
        return parameters.get("Bucket") == place.bucket and (bucket_only or (named is not None and place.has(str(named))))


Rules = Mapping[str, Mapping[str, Rule]]
"""By service, as botocore's events name it, and operation."""


def rule(*may: str, **must: Any) -> Rule:
    return Rule(may=frozenset(may), must=must)


CREDENTIALS: Rules = {
    "sts": {
        "AssumeRole": rule("DurationSeconds", "ExternalId", "RoleArn", "RoleSessionName", "SerialNumber", "TokenCode"),
        "AssumeRoleWithWebIdentity": rule("DurationSeconds", "RoleArn", "RoleSessionName", "WebIdentityToken"),
    },
    "sso": {
        "GetRoleCredentials": Rule(may=frozenset({"accessToken", "accountId", "roleName"}), path="/federation/credentials"),
    },
    "sso-oidc": {
        "CreateToken": Rule(
            may=frozenset({"clientId", "clientSecret", "refreshToken"}),
            must={"grantType": "refresh_token"},
            method="POST",
            path="/token",
        )
    },
    "signin": {
        "CreateOAuth2Token": Rule(
            may=frozenset({"tokenInput"}),
            check=lambda asked: asked["tokenInput"].get("grantType") == "refresh_token",
            method="POST",
            path="/v1/token",
        )
    },
}


def with_credentials(rules: Rules) -> Rules:
    """Some rules, and those by which botocore gets credentials."""
    return {service: {**CREDENTIALS.get(service, {}), **rules.get(service, {})} for service in (*CREDENTIALS, *rules)}


def guarded_session(profile: str | None, rules: Rules, on_send: Callable[[], None] | None = None) -> botocore.session.Session:
    """
    A session whose clients send what is in `rules`, and what credentials take. `on_send` is called before each request, repetitions included.
    """
    session = botocore.session.Session(profile=profile)
    _build_walls(session.get_component("event_emitter"), with_credentials(rules), on_send)
    return session


def _build_walls(events: BaseEventHooks, rules: Rules, on_send: Callable[[], None] | None) -> None:

    def asked(event_name: str, params: Parameters, **_: Any) -> None:
        _refuse_others(rules, event_name, params)

    def built(event_name: str, **_: Any) -> None:
        _rule_of(rules, event_name)

    def sent(event_name: str, request: Any, **_: Any) -> None:
        _refuse_request(rules, event_name, request)
        if on_send is not None:
            on_send()

    events.register_first("provide-client-params", asked)
    events.register_first("before-call", built)

    def about_to_go(event_name: str, request: Any, **_: Any) -> None:
        _refuse_request(rules, event_name, request)

    events.register_first("before-send", sent)
    events.register_last("before-send", about_to_go)  # once more: other handlers of the same event may have changed it


# -------------------------------------------------------------------------------------------------------- operations and parameters


def _names(event_name: str) -> tuple[str, str]:
    service, operation = event_name.split(".", 2)[1:]
    return service, operation


def _rule_of(rules: Rules, event_name: str) -> Rule:
    service, operation = _names(event_name)
    found = rules.get(service, {}).get(operation)
    return found if found is not None else refuse(f"the read-only guard refused {service}:{operation}")


def _refuse_others(rules: Rules, event_name: str, parameters: Parameters) -> None:
    wrong = _rule_of(rules, event_name).wrong_in(parameters)
    if wrong is not None:
        refuse(f"the read-only guard refused parameters of {':'.join(_names(event_name))}: {wrong}")


# ------------------------------------------------------------------------------------------------------------ the request itself

# Headers of PutObject that make a copy, open an object to others, or lock it
_MORE_THAN_PUT = ("x-amz-acl", "x-amz-copy-source", "x-amz-grant-", "x-amz-object-lock-", "x-amz-tagging", "x-amz-website-")
# Others make another operation of it: `PUT /key?acl` is PutObjectAcl
_QUERY_OF_S3 = frozenset({"continuation-token", "delimiter", "encoding-type", "list-type", "max-keys", "prefix", "x-id"})


def _refuse_request(rules: Rules, event_name: str, request: Any) -> None:
    """Handlers that ran since may have made something else of what was asked for."""
    found, (service, operation) = _rule_of(rules, event_name), _names(event_name)
    said = None if service == "s3" else _operation_said(request)
    if request.method != ("POST" if said is not None else found.method):
        refuse(f"the read-only guard refused {service}:{operation} by {request.method}")
    if service == "s3":
        _refuse_to_s3(found, event_name, request)
        return
    by_path = found.path is not None and said is None and fnmatchcase(urlsplit(request.url).path, f"*{found.path}")
    if not (by_path if found.path is not None else said == operation):
        refuse(f"the read-only guard refused a request that is not what it says: {service}:{operation}")
    if found.json_body or "X-Amz-Target" in request.headers:
        wrong = found.wrong_in(orjson.loads(request.body or b"{}"))
        if wrong is not None:
            refuse(f"the read-only guard refused the request of {service}:{operation}: {wrong}")


def _operation_said(request: Any) -> str | None:
    """The operation that the service will carry out, by the request alone; None where method and path say it."""
    target = request.headers.get("X-Amz-Target")
    if target is not None:
        return _text(target).rpartition(".")[2]
    _, marked, operation = urlsplit(str(request.url)).path.rpartition("/operation/")
    if marked:
        return operation
    if _text(request.headers.get("Content-Type") or "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(_text(request.body or "")).get("Action", [""])[0]
    return None


def _refuse_to_s3(found: Rule, event_name: str, request: Any) -> None:
    address, call = urlsplit(request.url), ":".join(_names(event_name))
    query = parse_qs(address.query, keep_blank_values=True)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    if not query.keys() <= _QUERY_OF_S3 or any(name.startswith(_MORE_THAN_PUT) for name in headers):
        refuse(f"the read-only guard refused a request that is not what it says: {call}")
    if "IfNoneMatch" in found.must and headers.get("if-none-match") != found.must["IfNoneMatch"]:
        refuse(f"the read-only guard refused the request of {call}: IfNoneMatch")
    if found.place is None or not _is_at(found.place, request.method, address, query.get("prefix", [None])[0]):
        refuse(f"the read-only guard refused the request of {call}: it is outside of the place that was named")


def _is_at(place: Place, method: str, address: SplitResult, prefix: str | None) -> bool:
    """Whether an address is in the place, the bucket being a part of the host's name or the first part of the path."""
    path = unquote(address.path).removeprefix("/")
    in_host = [path] if (address.hostname or "").startswith(f"{place.bucket}.") else []
    named, _, below = path.partition("/")
    keys = [*in_host, *([below] if named == place.bucket else [])]
    return any(_is_asked_in(place, method, key, prefix) for key in keys)


def _is_asked_in(place: Place, method: str, key: str, prefix: str | None) -> bool:
    """Without a key it is about the bucket: whether it is there, or a listing of what begins with `prefix`."""
    if key:
        return place.has(key)
    return method == "HEAD" or (method == "GET" and prefix is not None and place.has(prefix))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
