"""IAM objects: the quotas and refusals that AWS has and MiniStack lacks."""

import json
import re

from ministack.core import iam_evaluator
from ministack.services import iam

from overlay.request import form

_MANAGED_POLICY_CHARACTERS = 6_144
_INLINE_POLICY_CHARACTERS = 10_240
_POLICIES_PER_ROLE = 10
_LONGEST_SESSION = 43_200


def install() -> None:
    """Check a call as AWS does before MiniStack carries it out."""
    stock = iam.handle_request
    checks = {
        "AttachRolePolicy": _attach,
        "DetachRolePolicy": _detach,
        "PutRolePolicy": _put_inline,
        "CreatePolicy": _managed_size,
        "CreatePolicyVersion": _managed_size,
        "CreateRole": _role,
        "UpdateAssumeRolePolicy": _role,
    }

    async def handle_request(method, path, headers, body, query):
        call = form(body, query)
        check = checks.get(call.get("Action", ""))
        refusal = check(call) if check else None
        return refusal or await stock(method, path, headers, body, query)

    iam.handle_request = handle_request


def _refuse(code: str, message: str, status: int = 400):
    return iam._error(status, code, message)


def _characters(document) -> int:
    """A policy's size as AWS counts it: without white space."""
    return len(re.sub(r"\s", "", document if isinstance(document, str) else json.dumps(document)))


def _attach(call):
    """AWS: the policy must exist; at most 10 per role. MiniStack: any ARN, any number."""
    role, arn = iam._roles.get(call.get("RoleName", "")), call.get("PolicyArn", "")
    if not role or arn in role.get("AttachedPolicies", []):
        return None
    if not arn.startswith("arn:aws:iam::aws:") and not iam.policy_known(arn, None):
        return _refuse("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404)
    if len(role.get("AttachedPolicies", [])) >= _POLICIES_PER_ROLE:
        return _refuse("LimitExceeded", f"Cannot exceed quota for PoliciesPerRole: {_POLICIES_PER_ROLE}", 409)
    return None


def _detach(call):
    """AWS: NoSuchEntity when the policy is not attached. MiniStack: success."""
    role, arn = iam._roles.get(call.get("RoleName", "")), call.get("PolicyArn")
    if role and arn not in role.get("AttachedPolicies", []):
        return _refuse("NoSuchEntity", f"Policy {arn} was not found.", 404)
    return None


def _put_inline(call):
    """AWS: all inline policies of a role together have at most 10,240 characters, and must be valid. MiniStack: neither."""
    role = iam._roles.get(call.get("RoleName", ""))
    document = call.get("PolicyDocument", "")
    if role:
        others = (text for name, text in (role.get("InlinePolicies") or {}).items() if name != call.get("PolicyName"))
        if sum(map(_characters, others)) + _characters(document) > _INLINE_POLICY_CHARACTERS:
            return _refuse(
                "LimitExceeded",
                f"Maximum policy size of {_INLINE_POLICY_CHARACTERS} bytes exceeded for role {call.get('RoleName')}",
                409,
            )
    problem = iam_evaluator.validate_policy_document(document)
    return _refuse("MalformedPolicyDocument", problem) if problem else None


def _managed_size(call):
    """AWS: a managed policy has at most 6,144 characters. MiniStack: any size."""
    if _characters(call.get("PolicyDocument", "")) > _MANAGED_POLICY_CHARACTERS:
        return _refuse("LimitExceeded", f"Cannot exceed quota for PolicySize: {_MANAGED_POLICY_CHARACTERS}", 409)
    return None


def _role(call):
    """AWS: name of at most 64 characters, unique whatever its case; a session of at most 12 hours; a trust policy that is
    JSON and names only principals that exist. MiniStack: accepts all."""
    name = call.get("RoleName", "")
    if len(name) > 64:
        return _refuse(
            "ValidationError",
            "1 validation error detected: Value at 'roleName' failed to satisfy constraint: "
            "Member must have length less than or equal to 64",
        )
    try:
        trust = json.loads(call.get("AssumeRolePolicyDocument") or call.get("PolicyDocument") or "")
        statements = trust.get("Statement") or {}
    except (ValueError, AttributeError):
        return _refuse("MalformedPolicyDocument", "This policy contains invalid Json")
    if call["Action"] == "CreateRole" and any(known.lower() == name.lower() for known in iam._roles.keys()):
        return _refuse("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
    if int(call.get("MaxSessionDuration") or 3600) > _LONGEST_SESSION:
        return _refuse(
            "ValidationError",
            "1 validation error detected: Value at 'maxSessionDuration' failed to satisfy constraint: "
            f"Member must have value less than or equal to {_LONGEST_SESSION}",
        )
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        named = principal.get("AWS", []) if isinstance(principal, dict) else []
        for arn in [named] if isinstance(named, str) else named:
            if _is_unknown(arn):
                return _refuse("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"')
    return None


def _is_unknown(arn: str) -> bool:
    found = re.fullmatch(r"arn:aws:iam::(\d{12}):(role|user)/(?:.*/)?([^/*]+)", arn)
    if not found:
        return False
    account, kind, name = found.groups()
    return (iam._roles if kind == "role" else iam._users).get_scoped(account, None, name) is None
