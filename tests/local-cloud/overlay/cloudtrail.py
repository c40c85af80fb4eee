"""CloudTrail: who did what, as AWS writes it, delivered to the default bus and to the trail's bucket."""

import contextvars
import datetime
import gzip
import json
import logging
import re
import threading
import time
import uuid

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region, set_request_account_id, set_request_region
from ministack.core.router import extract_access_key_id
from ministack.services import cloudtrail, eventbridge, iam, s3, sts

from overlay import settings
from overlay.request import current, form, utc

_log = logging.getLogger("local-cloud.cloudtrail")

_RECORDED = (
    "iam", "sts", "lambda_svc", "scheduler", "sqs", "secretsmanager", "kms", "dynamodb", "cloudwatch_logs", "eventbridge",
)
"""MiniStack's modules whose calls are recorded."""

_SOURCES = {"lambda_svc": "lambda", "cloudwatch_logs": "logs", "eventbridge": "events"}

_DATA_CALLS = {
    "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
    "TransactGetItems", "TransactWriteItems", "PutEvents", "FilterLogEvents", "GetLogEvents", "PutLogEvents",
}
"""Data events: recorded (as a trail with data events would), but not sent to the default bus."""

_waiting: list = []
_waiting_lock = threading.Lock()


def install() -> None:
    """AWS: records the true caller (session issuer, source identity), also AssumeRole and refused calls, sends
    management events to the default bus as "AWS API Call via CloudTrail" and gzipped log files to the bucket.
    MiniStack: every caller is an IAM user named like its access key; AssumeRole and refused calls are missing; nothing is
    delivered anywhere."""
    app._maybe_record_cloudtrail = lambda *_args, **_kwargs: None
    for module in _RECORDED:
        _record_answers(app._get_module(module), _SOURCES.get(module, module))
    _record_refusals()
    threading.Thread(target=_deliver_files, daemon=True, name="local-cloud-cloudtrail").start()


def _record_answers(module, service: str) -> None:
    stock = module.handle_request

    async def handle_request(method, path, headers, body, query, *args, **kwargs):
        answer = await stock(method, path, headers, body, query, *args, **kwargs)
        if extract_access_key_id(headers, query) and isinstance(answer, tuple):
            _try_record(service, method, path, headers, body, query, answer)
        return answer

    module.handle_request = handle_request


def _record_refusals() -> None:
    stock = iam_actions.access_denied_response

    def access_denied_response(service, action, principal_arn, request_id, headers=None, **kwargs):
        answer = stock(service, action, principal_arn, request_id, headers=headers, **kwargs)
        _, body, params = current.get()
        _try_record(action.split(":")[0], "POST", "/", headers or {}, body, params, answer, action.split(":")[-1])
        return answer

    iam_actions.access_denied_response = access_denied_response


def _try_record(service, method, path, headers, body, query, answer, name=None) -> None:
    if not cloudtrail._recording_enabled or path.startswith("/_"):
        return
    try:
        _record(service, method, path, headers, body, query, answer, name)
    except Exception:  # noqa: BLE001  (a call must not fail because its record did)
        _log.exception("a call was not recorded")


def _identity(access_key: str, account: str) -> tuple[dict, str]:
    """`userIdentity` of the caller, and the name LookupEvents knows them by."""
    session = sts._sessions.get(access_key)
    if session and ":assumed-role/" in session["Arn"]:
        name = iam_evaluator._role_name_from_assumed_arn(session["Arn"])
        owner = session.get("AccountId") or account
        role = iam._roles.get_scoped(owner, None, name) or {}
        context = {
            "sessionIssuer": {
                "type": "Role",
                "principalId": session["UserId"].split(":")[0],
                "arn": role.get("Arn", f"arn:aws:iam::{owner}:role/{name}"),
                "accountId": owner,
                "userName": name,
            },
            "attributes": {
                "creationDate": utc(session.get("IssuedAt", time.time())),
                "mfaAuthenticated": "true" if session.get("Mfa") else "false",
            },
        }
        if session.get("SourceIdentity"):
            context["sourceIdentity"] = session["SourceIdentity"]
        identity = {
            "type": "AssumedRole", "principalId": session["UserId"], "arn": session["Arn"], "accountId": owner,
            "accessKeyId": access_key, "sessionContext": context,
        }
        return identity, session["UserId"].split(":", 1)[-1]
    caller = iam_evaluator.resolve_caller_identity(access_key) or {}
    arn = caller.get("userArn", f"arn:aws:iam::{account}:root")
    known = {"arn": arn, "accountId": account, "accessKeyId": access_key}
    if arn.endswith(":root"):
        return {"type": "Root", "principalId": account, **known}, "root"
    name = arn.rsplit("/", 1)[-1]
    return {"type": "IAMUser", "principalId": caller.get("userId", ""), **known, "userName": name}, name


def _lower_first(value):
    """Parameter names as CloudTrail writes them: lower case first letter."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:] if isinstance(key, str) else key: _lower_first(one) for key, one in value.items()}
    return [_lower_first(one) for one in value] if isinstance(value, list) else value


def _event_name(service, method, path, headers, query, call) -> str:
    if call.get("Action"):
        return call["Action"]
    if service == "scheduler":
        verb = {"POST": "Create", "GET": "Get", "PUT": "Update", "DELETE": "Delete"}.get(method, method)
        return verb + ("ScheduleGroup" if "/schedule-groups" in path else "Schedule")
    return app._ct_event_name(service, method, path, headers, query)


def _record(service, method, path, headers, body, query, answer, name) -> None:
    status, text = answer[0], answer[2] if len(answer) > 2 else b""
    text = text.decode("utf-8", "replace") if isinstance(text, (bytes, bytearray)) else str(text or "")
    call = form(body, query) if "form" in headers.get("content-type", "") else {}
    name = name or _event_name(service, method, path, headers, query, call)
    access_key, account, region = extract_access_key_id(headers, query) or "", get_account_id(), get_region()
    identity, user = _identity(access_key, account)
    asked = call or app._ct_request_params(headers, body, query)
    asked = {key: value for key, value in asked.items() if key not in ("Action", "Version")}
    read_only = cloudtrail._is_readonly(method, name) == "true" or name == "AssumeRole"
    data = name in _DATA_CALLS
    event = {
        "eventVersion": "1.11", "userIdentity": identity, "eventTime": utc(), "eventSource": f"{service}.amazonaws.com",
        "eventName": name, "awsRegion": "us-east-1" if service == "iam" else region, "sourceIPAddress": "127.0.0.1",
        "userAgent": headers.get("user-agent", ""), "requestParameters": _lower_first(cloudtrail._scrub(asked)) or None,
        "responseElements": None, "requestID": str(uuid.uuid4()), "eventID": str(uuid.uuid4()), "readOnly": read_only,
        "eventType": "AwsApiCall", "managementEvent": not data, "recipientAccountId": account,
        "eventCategory": "Data" if data else "Management",
    }
    if status >= 400:
        event |= _error(status, text)
    elif name == "AssumeRole":
        event |= _assumed(text, account, call)
    _keep(event, user, access_key, _resources(service, method, path, body, call))
    if not data and (not read_only or name == "AssumeRole"):
        _send(event, service, account, region)


def _error(status: int, text: str) -> dict:
    code = re.search(r"<Code>([^<]+)", text) or re.search(r'"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)', text)
    message = re.search(r"<Message>([^<]+)", text) or re.search(r'"[mM]essage"\s*:\s*"([^"]+)', text)
    return {"errorCode": code.group(1) if code else str(status), "errorMessage": message.group(1) if message else ""}


def _assumed(text: str, account: str, call: dict) -> dict:
    def one(tag):
        found = re.search(f"<{tag}>([^<]+)", text)
        return found.group(1) if found else None

    made = {
        "credentials": {"accessKeyId": one("AccessKeyId"), "sessionToken": "HIDDEN", "expiration": one("Expiration")},
        "assumedRoleUser": {"assumedRoleId": one("AssumedRoleId"), "arn": one("Arn")},
    }
    if one("SourceIdentity"):
        made["sourceIdentity"] = one("SourceIdentity")
    role = {"accountId": account, "type": "AWS::IAM::Role", "ARN": call.get("RoleArn")}
    return {"responseElements": made, "resources": [role]}


def _resources(service, method, path, body, call) -> list:
    kinds = (
        ("RoleName", "AWS::IAM::Role"), ("RoleArn", "AWS::IAM::Role"),
        ("PolicyArn", "AWS::IAM::Policy"), ("UserName", "AWS::IAM::User"),
    )
    named = [{"ResourceName": call[key], "ResourceType": kind} for key, kind in kinds if call.get(key)]
    return named or app._ct_resources(service, method, path, body)


def _keep(event: dict, user: str, access_key: str, resources: list) -> None:
    """For LookupEvents at once, and for the next log file."""
    cloudtrail._get_event_queue().append({
        "EventId": event["eventID"], "EventName": event["eventName"], "EventSource": event["eventSource"],
        "EventTime": time.time(), "Username": user, "AccessKeyId": access_key,
        "ReadOnly": str(event["readOnly"]).lower(), "Resources": resources, "CloudTrailEvent": json.dumps(event),
    })
    with _waiting_lock:
        _waiting.append((event["recipientAccountId"], get_region(), event))


def _send(event: dict, service: str, account: str, region: str) -> None:
    """To the default bus, beside the call: a rule's target must not slow down the call it tells of."""
    envelope = {
        "EventId": str(uuid.uuid4()), "Source": f"aws.{service}", "DetailType": "AWS API Call via CloudTrail",
        "Detail": json.dumps(event), "Time": time.time(), "Resources": [], "Account": account, "Region": region,
        "EventBusName": "default",
    }
    here = contextvars.copy_context()
    threading.Thread(target=here.run, args=(eventbridge._dispatch_event, envelope), daemon=True).start()


def _deliver_files() -> None:
    while True:
        time.sleep(settings.CLOUDTRAIL_FLUSH)
        with _waiting_lock:
            batch, _waiting[:] = list(_waiting), []
        by_place: dict = {}
        for account, region, event in batch:
            by_place.setdefault((account, region), []).append(event)
        for (account, region), events in by_place.items():
            set_request_account_id(account)
            set_request_region(region)
            for _, _, trail in list(cloudtrail._account_trail_items(account)):
                if trail.get("IsLogging"):
                    _deliver_file(trail, account, region, events)


def _deliver_file(trail: dict, account: str, region: str, events: list) -> None:
    now = datetime.datetime.now(datetime.UTC)
    prefix = f"{trail['S3KeyPrefix']}/" if trail.get("S3KeyPrefix") else ""
    folder = f"{prefix}AWSLogs/{account}/CloudTrail/{region}/{now:%Y/%m/%d}"
    key = f"{folder}/{account}_CloudTrail_{region}_{now:%Y%m%dT%H%MZ}_{uuid.uuid4().hex[:16]}.json.gz"
    text = gzip.compress(json.dumps({"Records": events}).encode())
    try:
        s3._put_object(trail["S3BucketName"], key, text, {"content-type": "application/json"})
    except Exception:  # noqa: BLE001  (the bucket may be gone)
        _log.exception("a log file was not delivered to %s", trail["S3BucketName"])
