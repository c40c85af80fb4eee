"""What a call is about: the ARN that a policy's Resource is compared with."""

import json

from ministack.core import iam_actions
from ministack.services import iam

from overlay.request import form


def install() -> None:
    """AWS: roles, users and policies with their path, a schedule with its group. MiniStack: without path, and every
    schedule in the group `default`; a policy bound to a path or a group then never matches."""
    stock = iam_actions.extract_resource_arn

    def extract_resource_arn(service, method, path, headers, body, query, region, account):
        found = stock(service, method, path, headers, body, query, region, account)
        if service == "iam":
            return _of_iam(form(body, query), account) or found
        if service == "scheduler" and ":schedule/default/" in found:
            return found.replace(":schedule/default/", f":schedule/{_group(body, query)}/")
        return found

    iam_actions.extract_resource_arn = extract_resource_arn


def _of_iam(call: dict, account: str) -> str | None:
    """The role, user or policy an IAM call names: as it exists, or as it is to be made."""
    path = call.get("Path") or "/"
    if call.get("RoleName"):
        known = iam._roles.get(call["RoleName"])
        return known["Arn"] if known else f"arn:aws:iam::{account}:role{path}{call['RoleName']}"
    if call.get("UserName"):
        known = iam._users.get(call["UserName"])
        return known["Arn"] if known else f"arn:aws:iam::{account}:user{path}{call['UserName']}"
    if call.get("Action") == "SimulatePrincipalPolicy":
        return call.get("PolicySourceArn")
    if call.get("PolicyName") and call.get("Action") == "CreatePolicy":
        return f"arn:aws:iam::{account}:policy{path}{call['PolicyName']}"
    return None


def _group(body: bytes, query: dict) -> str:
    """The group a schedule is in: in the body when it is written, in the address when it is read or deleted."""
    try:
        written = json.loads(body or b"{}").get("GroupName")
    except (ValueError, AttributeError):
        written = None
    named = query.get("groupName") or query.get("GroupName")
    read = named[0] if isinstance(named, list) else named
    return written or read or "default"
