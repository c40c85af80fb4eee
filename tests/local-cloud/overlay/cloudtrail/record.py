"""An event of each call: as answered, or as refused by IAM before any service saw it."""

import contextvars
import ipaddress
import json
import logging
import re
import uuid

from ministack import app
from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import cloudtrail

from overlay.cloudtrail import bus, files, identity, lookup, s3_calls, selectors
from overlay.cloudtrail.calls import Call, told
from overlay.request import utc

_log = logging.getLogger("local-cloud.cloudtrail")

_RECORDED = (
    "cloudtrail", "cloudwatch_logs", "dynamodb", "ec2", "eventbridge", "iam", "kms", "lambda_svc", "s3", "scheduler",
    "secretsmanager", "sns", "sqs", "ssm", "sts",
)
"""MiniStack's modules whose calls are recorded."""

_SOURCES = {"lambda_svc": "lambda", "cloudwatch_logs": "logs", "eventbridge": "events"}

_asked: contextvars.ContextVar = contextvars.ContextVar("local_cloud_asked", default=None)
"""Method, path, body and parameters of the request whose permissions are being evaluated."""


def install() -> None:
    """AWS: records the true caller (session issuer, source identity), also AssumeRole and refused calls, and data events
    for trails that ask for them. MiniStack: every caller is an IAM user named like its access key; AssumeRole and refused
    calls are missing; reads and writes of data are management events."""
    app._maybe_record_cloudtrail = lambda *_args, **_kwargs: None
    for module in _RECORDED:
        _record_answers(app._get_module(module), _SOURCES.get(module, module))
    _record_refusals()


def _record_answers(module, service: str) -> None:
    stock = module.handle_request

    async def handle_request(method, path, headers, body, query, *args, **kwargs):
        if kwargs.get("internal") or not _is_recorded(path) or not extract_access_key_id(headers, query):
            return await stock(method, path, headers, body, query, *args, **kwargs)
        # S3 answers in the name of the bucket's owner: the caller is known only before.
        call = Call(service, method, path, headers, body, query, get_account_id(), get_region())
        # The call that stops a trail is the last one in it.
        before = _listening(call) if service == "cloudtrail" else None
        answer = await stock(method, path, headers, body, query, *args, **kwargs)
        if isinstance(answer, tuple):
            _try_record(call, answer, before)
        return answer

    module.handle_request = handle_request


def _record_refusals() -> None:
    stock_action, stock_denied = iam_actions.extract_iam_action, iam_actions.access_denied_response

    def extract_iam_action(service, method, path, headers, body, query):
        _asked.set((method, path, body, query))
        return stock_action(service, method, path, headers, body, query)

    def access_denied_response(service, action, principal_arn, request_id, headers=None, **kwargs):
        answer = stock_denied(service, action, principal_arn, request_id, headers=headers, **kwargs)
        prefix = action.split(":")[0]
        if _asked.get() and prefix != "execute-api" and _is_recorded(_asked.get()[1]):
            method, path, body, query = _asked.get()
            _try_record(Call(prefix, method, path, headers or {}, body, query, get_account_id(), get_region()), answer)
        return answer

    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.access_denied_response = access_denied_response


def _is_recorded(path: str) -> bool:
    return cloudtrail._recording_enabled and not path.startswith("/_")


def _listening(call: Call) -> list[dict]:
    probe = {
        "awsRegion": call.region, "eventCategory": "Management", "readOnly": False, "_data": None, "eventName": "",
        "eventSource": "cloudtrail.amazonaws.com", "eventType": "AwsApiCall", "userIdentity": {},
    }
    return selectors.wanting(probe, call.account)


def _try_record(call: Call, answer: tuple, before: list | None = None) -> None:
    try:
        _record(call, answer, before or [])
    except Exception:  # noqa: BLE001  (a call must not fail because its record did)
        _log.exception("a call was not recorded")


def _record(call: Call, answer: tuple, before: list[dict]) -> None:
    status, text = answer[0], answer[2] if len(answer) > 2 else b""
    access_key = extract_access_key_id(call.headers, call.query) or ""
    who, user = identity.of(access_key, call.account)
    said = told(call)
    if said is None:
        return
    event = {
        "eventVersion": "1.11", "userIdentity": who, "eventTime": utc(), "eventSource": f"{call.service}.amazonaws.com",
        "eventName": said.name, "awsRegion": "us-east-1" if call.service == "iam" else call.region,
        "sourceIPAddress": _address(call), "userAgent": call.headers.get("user-agent", ""),
        "requestParameters": said.parameters, "responseElements": None, "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()), "readOnly": said.read_only, "eventType": "AwsApiCall",
        "managementEvent": not said.data, "recipientAccountId": call.account,
        "eventCategory": "Data" if said.data else "Management", "_data": said.data,
    }
    if said.resources:
        event["resources"] = said.resources
    if call.service == "s3":
        event["additionalEventData"] = s3_calls.extra(call, answer)
    if status >= 400:
        event |= _error(status, text, call)
    elif call.service in ("iam", "sts"):
        event |= _made(said.name, _text(text), call.fields())
    owner = _other_owner(event, call)
    if owner:
        # AWS tells the owner of what was called too: the same shared id, an event id of its own.
        event["sharedEventID"] = str(uuid.uuid4())
        theirs = {"recipientAccountId": owner, "eventID": str(uuid.uuid4()), "userIdentity": identity.from_elsewhere(who)}
        _keep(event | theirs, "", "", said.named, [])
    _keep(event, user, access_key, said.named, before)


def _address(call: Call) -> str:
    """Where the caller is. All are on this machine, so a call may say to be elsewhere (`X-Forwarded-For`): on AWS none can."""
    try:
        return str(ipaddress.ip_address(call.headers.get("x-forwarded-for", "").split(",")[0].strip()))
    except ValueError:
        return "127.0.0.1"


def _other_owner(event: dict, call: Call) -> str | None:
    """The account that owns the role or bucket of a call from another account that was let in."""
    if "errorCode" in event or call.service not in ("s3", "sts"):
        return None
    owners = {one.get("accountId") for one in event.get("resources", [])} - {None, "", call.account}
    return owners.pop() if owners else None


def _text(text) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, (bytes, bytearray)) else str(text or "")


def _error(status: int, text, call: Call) -> dict:
    text = _text(text)
    code = re.search(r"<Code>([^<]+)", text) or re.search(r'"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)', text)
    message = re.search(r"<Message>([^<]+)", text) or re.search(r'"[mM]essage"\s*:\s*"([^"]+)', text)
    # The answer to HEAD has no body to read the code from.
    plain = {403: "AccessDenied", 404: "NoSuchKey"}.get(status, str(status)) if call.service == "s3" else str(status)
    return {
        "errorCode": code.group(1) if code else plain,
        "errorMessage": message.group(1) if message else "",
    }


def _made(name: str, text: str, call: dict) -> dict:
    """`responseElements` of calls that make credentials, without the secrets; and the role that was entered."""
    def one(tag):
        found = re.search(f"<{tag}>([^<]+)", text)
        return found.group(1) if found else None

    if name == "CreateAccessKey":
        made = {"userName": one("UserName"), "accessKeyId": one("AccessKeyId"), "status": "Active"}
        return {"responseElements": {"accessKey": made}}
    if not name.startswith("AssumeRole") and name not in ("GetFederationToken", "GetSessionToken"):
        return {}
    elements = {
        "credentials": {"accessKeyId": one("AccessKeyId"), "sessionToken": "HIDDEN", "expiration": one("Expiration")},
    }
    if not name.startswith("AssumeRole"):
        return {"responseElements": elements}
    elements["assumedRoleUser"] = {"assumedRoleId": one("AssumedRoleId"), "arn": one("Arn")}
    if one("SourceIdentity"):
        elements["sourceIdentity"] = one("SourceIdentity")
    arn = call.get("RoleArn", "")
    role = {"accountId": arn.split(":")[4] if arn.count(":") > 4 else "", "type": "AWS::IAM::Role", "ARN": arn}
    return {"responseElements": elements, "resources": [role]}


def _keep(event: dict, user: str, access_key: str, named: list, before: list[dict]) -> None:
    """Into the event history at once (management events), to the default bus, and for the next log files."""
    trails = before or selectors.wanting(event, event["recipientAccountId"])
    event = {name: value for name, value in event.items() if name != "_data"}
    record = json.dumps(event)
    if event["managementEvent"]:
        lookup.keep(event, record, user, access_key, named)
    if trails:
        bus.send(event, record)
        files.wait_for_delivery(event, record, trails)
