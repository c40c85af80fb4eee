"""Who made a call: `userIdentity`, and the name that LookupEvents knows them by."""

import time

from ministack.core import iam_evaluator
from ministack.services import iam, sts

from overlay.request import utc


def of(access_key: str, account: str) -> tuple[dict, str]:
    """AWS: a session with its issuer, source identity and MFA; a user; the account's root. MiniStack: always a user named
    like its access key."""
    session = sts._sessions.get(access_key)
    if session and ":assumed-role/" in session["Arn"]:
        return _session(session, access_key, account), session["UserId"].split(":", 1)[-1]
    caller = iam_evaluator.resolve_caller_identity(access_key) or {}
    arn = caller.get("userArn", f"arn:aws:iam::{account}:root")
    known = {"arn": arn, "accountId": account, "accessKeyId": access_key}
    if arn.endswith(":root"):
        return {"type": "Root", "principalId": account, **known}, "root"
    name = arn.rsplit("/", 1)[-1]
    return {"type": "IAMUser", "principalId": caller.get("userId", ""), **known, "userName": name}, name


def _session(session: dict, access_key: str, account: str) -> dict:
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
    return {
        "type": "AssumedRole", "principalId": session["UserId"], "arn": session["Arn"], "accountId": owner,
        "accessKeyId": access_key, "sessionContext": context,
    }


def from_elsewhere(identity: dict) -> dict:
    """The caller as the other account's event names them: AWS tells it the account and the principal's id only."""
    return {"type": "AWSAccount", "principalId": identity["principalId"], "accountId": identity["accountId"]}
