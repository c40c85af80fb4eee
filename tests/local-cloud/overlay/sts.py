"""STS AssumeRole: source identity, session tags, how long a session may last, session names, MFA."""

import contextvars
import dataclasses
import re

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.router import extract_access_key_id
from ministack.services import iam, sts

from overlay import settings
from overlay.iam_conditions import assume_role_keys
from overlay.request import form

_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_LONGEST = 43_200
_LONGEST_CHAINED = 3_600
_SESSION_POLICY_CHARACTERS = 2_048

_trust_keys: contextvars.ContextVar = contextvars.ContextVar("local_cloud_trust_keys", default={})
"""Condition keys of the AssumeRole being decided, with the source identity that will be in force."""

_mfa: contextvars.ContextVar = contextvars.ContextVar("local_cloud_mfa", default=False)


def install() -> None:
    """Patch trust evaluation, the MFA condition key, and AssumeRole itself."""
    _install_trust()
    _install_mfa()
    _install_assume_role()


def _install_trust() -> None:
    """AWS: a trust policy sees `sts:SourceIdentity` and `sts:TransitiveTagKeys`, and must allow `sts:SetSourceIdentity` when
    a source identity is set. MiniStack: knows none of them."""
    stock = iam_evaluator.evaluate_trust_policy

    def evaluate_trust_policy(document, caller_arn, context=None):
        if context is None or context.action != "sts:AssumeRole":
            return stock(document, caller_arn, context)
        keys = {key.lower(): value for key, value in _trust_keys.get().items()}
        context = dataclasses.replace(context, service_context={**(context.service_context or {}), **keys})
        if keys.get("sts:sourceidentity"):
            setting = dataclasses.replace(context, action="sts:SetSourceIdentity")
            if not stock(document, caller_arn, setting):
                return False
        return stock(document, caller_arn, context)

    iam_evaluator.evaluate_trust_policy = evaluate_trust_policy


def _install_mfa() -> None:
    """AWS: `aws:MultiFactorAuthPresent` is true for a trust policy when an IAM user gives SerialNumber and TokenCode with
    AssumeRole; the session that comes of it carries no such key. MiniStack: false in both places."""
    stock = iam_evaluator._principal_keys

    def _principal_keys(credential):
        keys = stock(credential)
        if _mfa.get():
            keys["aws:multifactorauthpresent"] = "true"
        elif credential.principal_type == "AssumedRole":
            keys.pop("aws:multifactorauthpresent", None)
        return keys

    iam_evaluator._principal_keys = sts._principal_keys = _principal_keys


def _refuse(message: str, code: str = "ValidationError", status: int = 400):
    return sts._error(status, code, message, ns="sts")


def _invalid(field: str, constraint: str):
    return _refuse(f"1 validation error detected: Value at '{field}' failed to satisfy constraint: {constraint}")


def _proves_mfa(call: dict, access_key: str) -> bool | None:
    """Whether the call proves MFA; None when it tries to and fails.

    The device must be enabled for the calling IAM user. Which six digits are given is not checked: a device made here
    has no seed that anybody could compute a code from."""
    serial = call.get("SerialNumber")
    if not serial:
        return False
    account = serial.split(":")[4] if serial.count(":") > 4 else ""
    key = iam._access_keys.get_scoped(account, None, access_key)
    device = iam._mfa_devices.get_scoped(account, None, serial)
    user = (key or {}).get("UserName")
    enabled = device and user and device.get("User") == user
    return True if enabled and re.fullmatch(r"\d{6}", call.get("TokenCode", "")) else None


def _problem(call: dict, role: dict, parent: dict):
    """The refusal AWS gives to this AssumeRole, or None.

    AWS: name and source identity of 2 to 64 of `[\\w+=,.@-]`; 900 s to the role's longest session, one hour when a role
    assumes a role; a source identity, once set, stays; all session policies together have at most 2,048 characters.
    MiniStack: checks the inline policy's size only."""
    chained = ":assumed-role/" in parent.get("Arn", "")
    if not _NAME.fullmatch(call.get("RoleSessionName", "")):
        return _invalid("roleSessionName", r"Member must satisfy regular expression pattern: [\w+=,.@-]*")
    identity = call.get("SourceIdentity")
    if identity and not _NAME.fullmatch(identity):
        return _invalid("sourceIdentity", r"Member must satisfy regular expression pattern: [\w+=,.@-]*")
    if call.get("DurationSeconds") is not None:
        seconds = int(call["DurationSeconds"])
        if seconds < settings.MIN_SESSION_SECONDS:
            return _invalid("durationSeconds", "Member must have value greater than or equal to 900")
        if seconds > _LONGEST:
            return _invalid("durationSeconds", f"Member must have value less than or equal to {_LONGEST}")
        if chained and seconds > _LONGEST_CHAINED:
            return _refuse(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
            )
        if role and seconds > int(role.get("MaxSessionDuration", 3600)):
            return _refuse("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    settled = parent.get("SourceIdentity")
    if settled and identity and identity != settled:
        return _refuse(
            f"User: {parent.get('Arn')} is not authorized to perform: sts:SetSourceIdentity "
            f"on resource: {call.get('RoleArn')}",
            "AccessDenied",
            403,
        )
    policies = len(call.get("Policy", "")) + sum(
        len(value) for key, value in call.items() if re.fullmatch(r"PolicyArns\.member\.\d+\.arn", key)
    )
    if policies > _SESSION_POLICY_CHARACTERS:
        return _invalid("policy", f"Member must have length less than or equal to {_SESSION_POLICY_CHARACTERS}")
    return None


def _install_assume_role() -> None:
    """Check as AWS does, then give the session its source identity, its MFA and its inherited (transitive) tags."""
    stock = sts.handle_request

    async def handle_request(method, path, headers, body, query):
        call = form(body, query)
        if call.get("Action") != "AssumeRole" or not app.AUTH:
            return await stock(method, path, headers, body, query)
        access_key = extract_access_key_id(headers, query) or ""
        parent = sts._sessions.get(access_key) or {}
        arn = call.get("RoleArn", "")
        account = arn.split(":")[4] if arn.count(":") > 4 else ""
        role = iam._roles.get_scoped(account, None, arn.rsplit("/", 1)[-1]) or {}
        # AWS compares the whole ARN: a role is not found under another path. MiniStack looks up the bare name.
        if role and role.get("Arn") != arn:
            return _refuse(f"User: is not authorized to perform: sts:AssumeRole on resource: {arn}", "AccessDenied", 403)
        refusal = _problem(call, role, parent)
        if refusal:
            return refusal
        mfa = _proves_mfa(call, access_key)
        if mfa is None:
            problem = "MultiFactorAuthentication failed with invalid MFA one time pass code."
            return _refuse(problem, "AccessDenied", 403)
        identity = parent.get("SourceIdentity") or call.get("SourceIdentity") or None
        keys = assume_role_keys(call | ({"SourceIdentity": identity} if identity else {}))
        undo_keys, undo_mfa = _trust_keys.set(keys), _mfa.set(mfa)
        try:
            status, answer_headers, answer = await stock(method, path, headers, body, query)
        finally:
            _trust_keys.reset(undo_keys)
            _mfa.reset(undo_mfa)
        answer = answer if isinstance(answer, bytes) else answer.encode()
        made = re.search(rb"<AccessKeyId>([^<]+)", answer)
        if status == 200 and made:
            _complete(sts._sessions[made.group(1).decode()], call, parent, identity, mfa)
            if identity:
                echo = b"</AssumedRoleUser><SourceIdentity>" + identity.encode() + b"</SourceIdentity>"
                answer = answer.replace(b"</AssumedRoleUser>", echo, 1)
        return status, answer_headers, answer

    sts.handle_request = handle_request


def _complete(session: dict, call: dict, parent: dict, identity: str | None, mfa: bool) -> None:
    if identity:
        session["SourceIdentity"] = identity
    session["Mfa"] = mfa
    transitive = {value for key, value in call.items() if re.fullmatch(r"TransitiveTagKeys\.member\.\d+", key)}
    inherited = [tag for tag in parent.get("SessionTags") or [] if tag["Key"] in parent.get("Transitive", set())]
    kept = {tag["Key"].lower() for tag in inherited}
    own = [tag for tag in session.get("SessionTags") or [] if tag["Key"].lower() not in kept]
    session["SessionTags"] = inherited + own
    session["Transitive"] = transitive | {tag["Key"] for tag in inherited}
