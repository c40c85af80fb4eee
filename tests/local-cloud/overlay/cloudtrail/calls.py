"""What a call is: its name, parameters and resources, whether it only reads, and whether it is a data event."""

import dataclasses
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_actions
from ministack.services import cloudtrail

from overlay.cloudtrail import s3_calls
from overlay.request import form


@dataclasses.dataclass
class Call:
    """One request, as MiniStack's handlers get it."""

    service: str
    """The service's IAM prefix; its events' source is `<service>.amazonaws.com`."""
    method: str
    path: str
    headers: dict
    body: bytes
    query: dict
    account: str
    """The caller's."""
    region: str

    def fields(self) -> dict:
        """The parameters of a Query call (IAM, STS); empty for others."""
        return form(self.body, self.query) if "form" in self.headers.get("content-type", "") else {}


@dataclasses.dataclass
class Told:
    """What an event says of its call."""

    name: str
    parameters: dict | None
    read_only: bool
    data: str | None = None
    """Type of the resource whose data was touched, such as `AWS::S3::Object`; none for a management event."""
    resources: list = dataclasses.field(default_factory=list)
    """As the record has them: `type`, `ARN`, `accountId`."""
    named: list = dataclasses.field(default_factory=list)
    """As LookupEvents has them: `ResourceType`, `ResourceName`."""


_DYNAMODB = {
    "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
    "TransactGetItems", "TransactWriteItems", "ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction",
}
_DATA = {
    **{("dynamodb", name): "AWS::DynamoDB::Table" for name in _DYNAMODB},
    ("lambda", "Invoke"): "AWS::Lambda::Function",
    **{("sqs", name): "AWS::SQS::Queue" for name in (
        "SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch",
        "ChangeMessageVisibility", "ChangeMessageVisibilityBatch",
    )},
    **{("sns", name): "AWS::SNS::Topic" for name in ("Publish", "PublishBatch")},
}
"""Data events: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html"""

_UNTOLD = {("events", "PutEvents"), ("logs", "PutLogEvents")}
"""Calls that AWS has no record of at all."""

_READS = {
    "AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "BatchGetItem", "Decrypt", "Encrypt",
    "FilterLogEvents", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "LookupEvents", "Query", "Scan", "Sign",
    "SimulateCustomPolicy", "SimulatePrincipalPolicy", "TestEventPattern", "TransactGetItems", "Verify",
}
"""Calls that only read though their name does not begin with Get, List, Describe or Head."""

_LAMBDA_VERSIONS = {
    "AddPermission": "20150331v2", "CreateFunction": "20150331", "DeleteFunction": "20150331",
    "GetFunction": "20150331v2", "GetFunctionConfiguration": "20150331v2", "ListFunctions": "20150331",
    "PublishVersion": "20150331", "RemovePermission": "20150331v2", "UpdateFunctionCode": "20150331v2",
    "UpdateFunctionConfiguration": "20150331v2",
}
"""Lambda's events carry the version of its API in their name."""

_CONTENTS = {
    "attributeUpdates", "expressionAttributeValues", "item", "messageAttributes", "messageBody", "payload", "requestItems",
    "transactItems", "zipFile",
}
"""Parameters that hold people's data, or code: AWS leaves them out of events, or hides them."""

_KINDS = (
    ("RoleName", "AWS::IAM::Role"), ("RoleArn", "AWS::IAM::Role"),
    ("PolicyArn", "AWS::IAM::Policy"), ("UserName", "AWS::IAM::User"),
)


def told(call: Call) -> Told | None:
    """What the event says, see `Told`; none for a call that makes no event."""
    if call.service == "s3":
        return Told(**s3_calls.told(call))
    fields = call.fields()
    name = _name(call, fields)
    if (call.service, name) in _UNTOLD:
        return None
    data = _DATA.get((call.service, name))
    read_only = name in _READS or name.startswith(("Get", "List", "Describe", "Head"))
    named = [{"ResourceName": fields[key], "ResourceType": kind} for key, kind in _KINDS if fields.get(key)]
    named = named or app._ct_resources(call.service, call.method, call.path, call.body)
    resources = _touched(call, data) if data else []
    return Told(name, _parameters(call, fields), read_only, data, resources, named)


def _parameters(call: Call, fields: dict) -> dict | None:
    """`requestParameters`: what was asked for, in the form that AWS's own records have."""
    asked = _nested(fields) if fields else {**_in_path(call), **app._ct_request_params(call.headers, call.body, call.query)}
    asked = {key: value for key, value in asked.items() if key not in ("Action", "Version")}
    return _lower_first(cloudtrail._scrub(asked)) or None


def _nested(fields: dict) -> dict:
    """Query parameters `Tags.member.1.Key=…` as the list they stand for, and numbers as numbers."""
    made: dict = {}
    for name, value in fields.items():
        path, at = name.replace(".member.", ".").split("."), made
        for step in path[:-1]:
            at = at.setdefault(step, {})
            if not isinstance(at, dict):
                return fields
        number = path[-1] in ("DurationSeconds", "MaxItems", "MaxSessionDuration") and value.isdigit()
        at[path[-1]] = int(value) if number else value

    def lists(value):
        if not isinstance(value, dict):
            return value
        if value and all(key.isdigit() for key in value):
            return [lists(value[key]) for key in sorted(value, key=int)]
        return {key: lists(one) for key, one in value.items()}

    return lists(made)


def _in_path(call: Call) -> dict:
    """Names that Lambda and Scheduler take in the address."""
    parts = [unquote(part) for part in call.path.split("/") if part]
    for after, name in (("functions", "functionName"), ("schedules", "name"), ("schedule-groups", "name")):
        if call.service in ("lambda", "scheduler") and after in parts[:-1]:
            return {name: parts[parts.index(after) + 1]}
    return {}


def _name(call: Call, fields: dict) -> str:
    if fields.get("Action"):
        return fields["Action"]
    if call.service == "lambda":
        # IAM's actions have the names of the API's, but for this one.
        name = (iam_actions._lambda_action(call.method, call.path) or call.method).replace("InvokeFunction", "Invoke")
        return name + _LAMBDA_VERSIONS.get(name, "")
    if not call.headers.get("x-amz-target"):
        matched = iam_actions._match_rest_action(call.service, call.method, call.path, call.query)
        if matched:
            return matched
    return app._ct_event_name(call.service, call.method, call.path, call.headers, call.query)


def _touched(call: Call, data: str) -> list:
    """The tables, functions, queues whose data a call touched."""
    if data == "AWS::DynamoDB::Table":
        found = iam_actions.dynamodb_resource_arns(call.body, call.region, call.account)
        arns = list(dict.fromkeys(arn.split("/index/")[0] for arn in found))
    else:
        arns = [iam_actions.extract_resource_arn(
            call.service, call.method, call.path, call.headers, call.body, call.query, call.region, call.account
        )]
    return [{"accountId": _owner(arn) or call.account, "type": data, "ARN": arn} for arn in arns]


def _owner(arn: str) -> str:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""


def _lower_first(value):
    """Parameter names as CloudTrail writes them, lower case first letter; without `_CONTENTS`."""
    if isinstance(value, dict):
        named = ((key[:1].lower() + key[1:], one) for key, one in value.items())
        return {key: _lower_first(one) for key, one in named if key not in _CONTENTS}
    return [_lower_first(one) for one in value] if isinstance(value, list) else value


