"""IAM's simulator, answering by the engine that enforces calls.

`SimulateSession` is no action of AWS: it asks the same of a live session, by its access key, because AWS's simulator knows
no sessions and so no session policies, session tags or source identities.
"""

import contextvars
import json
import re
from xml.sax.saxutils import escape

from ministack.core import iam_evaluator as engine
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, tagging

from overlay.request import form

_DECISIONS = {"Allow": "allowed", "Deny": "explicitDeny", "ImplicitDeny": "implicitDeny"}
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+", re.ASCII)
_ENTITY = re.compile(r"arn:aws:iam::(\d{12}):(user|role)/(?:.*/)?([^/]+)")
_LONGEST_PAGE = 1_000
_PAGE = 100

_given: contextvars.ContextVar = contextvars.ContextVar("local_cloud_simulated_keys", default={})
"""Condition keys of the simulation being answered, in lower case: they go before what the engine knows itself."""


class _Refusal(Exception):
    """An error that AWS answers with: its code, its message, its HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(code, message, status)
        self.answer = iam._error(status, code, escape(message))


def install() -> None:
    """AWS: a decision for each action on each resource, under boundary, added policies and given condition keys; errors
    for what does not exist. MiniStack: the first resource only, no boundary, no keys; a role under a path, or one that
    does not exist, is denied everything."""
    stock_resolve, stock = engine._resolve_condition_key, iam.handle_request
    questions = {
        "SimulatePrincipalPolicy": _of_principal, "SimulateCustomPolicy": _of_documents, "SimulateSession": _of_session,
    }

    def _resolve_condition_key(key, context):
        given = _given.get()
        return given[key.lower()] if key.lower() in given else stock_resolve(key, context)

    async def handle_request(method, path, headers, body, query):
        call = form(body, query)
        question = questions.get(call.get("Action", ""))
        if question is None:
            return await stock(method, path, headers, body, query)
        undo = _given.set(_keys(call))
        try:
            return _answer(call, question(call))
        except _Refusal as refusal:
            return refusal.answer
        finally:
            _given.reset(undo)

    engine._resolve_condition_key, iam.handle_request = _resolve_condition_key, handle_request


def _members(call: dict, name: str) -> list[str]:
    """A list parameter, in order."""
    found = {int(n[1]): value for key, value in call.items() if (n := re.fullmatch(rf"{name}\.member\.(\d+)", key))}
    return [found[number] for number in sorted(found)]


def _keys(call: dict) -> dict:
    """The condition keys that the call gives: one value, or a list if its type says so or there are several."""
    found = {}
    for key, name in call.items():
        entry = re.fullmatch(r"(ContextEntries\.member\.\d+)\.ContextKeyName", key)
        if entry:
            values = _members(call, re.escape(entry[1]) + r"\.ContextKeyValues")
            several = len(values) != 1 or call.get(f"{entry[1]}.ContextKeyType", "string").endswith("List")
            found[name.lower()] = values if several else values[0]
    return found


def _documents(call: dict, name: str) -> list:
    """The policies in a list parameter, which must be policies."""
    documents = _members(call, name)
    for number, document in enumerate(documents, 1):
        if problem := engine.validate_policy_document(document):
            raise _Refusal("InvalidInput", f"Syntax errors in policy. {name}.{number}: {problem}")
    return [engine.parse_policy_document(document) for document in documents]


def _boundary(call: dict, own: list) -> list:
    """The boundary that the call gives, in place of the principal's own."""
    given = _documents(call, "PermissionsBoundaryPolicyInputList")
    if len(given) > 1:
        raise _Refusal("InvalidInput", "Only one permissions boundary policy can be given.")
    return [given] if given else own


def _of_principal(call: dict):
    """The user or role, with what is attached to it, its boundary, and the policies that the call adds."""
    arn = call.get("PolicySourceArn", "")
    entity = _ENTITY.fullmatch(arn)
    if not entity:
        raise _Refusal("InvalidInput", f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    account, kind, name = entity.groups()
    store = iam._users if kind == "user" else iam._roles
    known = store.get_scoped(account, None, name) if account == get_account_id() else None
    if not known or known.get("Arn") != arn:
        raise _Refusal("NoSuchEntity", f"The {kind} with name {name} cannot be found.", 404)
    gather = engine._gather_user_policies if kind == "user" else engine._gather_role_policies
    tags = {f"aws:principaltag/{tag['Key'].lower()}": tag["Value"] for tag in known.get("Tags") or []}
    keys = {"aws:userid": known.get("UserId"), "aws:username": name} if kind == "user" else {}
    return engine.PrincipalInfo(
        arn, "User" if kind == "user" else "AssumedRole", account,
        gather(name, account) + _documents(call, "PolicyInputList"), keys | tags,
        _boundary(call, engine._permissions_boundary(store, name, account)),
    )


def _of_documents(call: dict):
    """Nobody, with the given policies."""
    policies = _documents(call, "PolicyInputList")
    if not policies:
        raise _Refusal("ValidationError", "1 validation error detected: Value null at 'policyInputList' failed to satisfy "
                       "constraint: Member must not be null")
    account = get_account_id()
    caller = call.get("CallerArn") or f"arn:aws:iam::{account}:root"
    return engine.PrincipalInfo(caller, "User", account, policies, {}, _boundary(call, []))


def _of_session(call: dict):
    """Whoever holds the access key now, exactly as a call of theirs would be judged."""
    found = engine.resolve_principal(call.get("AccessKeyId", ""), get_account_id())
    if isinstance(found, engine.AuthError):
        raise _Refusal(found.code, found.message, 403)
    if found.policies is None:
        raise _Refusal("InvalidInput", "The account's root is not judged by policies.")
    return found


def _answer(call: dict, principal):
    """A page of decisions."""
    actions, resources = _members(call, "ActionNames"), _members(call, "ResourceArns") or ["*"]
    if not actions:
        raise _Refusal("ValidationError", "1 validation error detected: Value null at 'actionNames' failed to satisfy "
                       "constraint: Member must not be null")
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise _Refusal("InvalidInput", f"Invalid Action Name: {action}")
    for resource in resources:
        if resource != "*" and not re.fullmatch(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", resource):
            raise _Refusal("InvalidInput", f"Invalid Resource ARN: {resource}")
    start, length = int(call.get("Marker") or 0), min(int(call.get("MaxItems") or _PAGE), _LONGEST_PAGE)
    pairs = [(action, resource) for action in actions for resource in resources]
    results = "".join(_decision(principal, *pair) for pair in pairs[start:start + length])
    more = start + length < len(pairs)
    marker = f"<Marker>{start + length}</Marker>" if more else ""
    name = call["Action"]
    return iam._xml(
        200, f"{name}Response",
        f"<{name}Result><EvaluationResults>{results}</EvaluationResults>"
        f"<IsTruncated>{json.dumps(more)}</IsTruncated>{marker}</{name}Result>",
    )


def _decision(principal, action: str, resource: str) -> str:
    """One decision, in AWS's words. Tags of a resource that exists are known here; AWS knows only those that are given."""
    keys = {f"aws:resourcetag/{key}".lower(): value for key, value in (tagging.resource_tags(resource) or {}).items()}
    context = engine.EvalContext(
        principal.arn, principal.type, principal.account, action, resource, get_region(),
        service_context={"aws:tagkeys": None} | keys, principal_keys=principal.keys,
    )
    decision = _DECISIONS[engine.evaluate(context, principal.policies, *principal.limits).decision]
    within = [engine.evaluate(context, limit).decision == "Allow" for limit in principal.limits]
    bounded = (
        "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>"
        f"{json.dumps(all(within))}</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>"
    ) if within else ""
    asked = _missing(context, [principal.policies, *principal.limits])
    missing = "".join(f"<member>{escape(key)}</member>" for key in asked)
    return (
        f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalDecision>{decision}</EvalDecision><MatchedStatements/>"
        f"<MissingContextValues>{missing}</MissingContextValues>{bounded}</member>"
    )


def _missing(context, layers: list) -> list[str]:
    """Condition keys that statements about this action and resource ask for, and that have no value."""
    asked = {
        key
        for layer in layers for statements in layer for one in statements
        if engine._action_matches(context.action, one.actions, one.not_actions)
        and engine._resource_matches(context.resource_arn, one.resources, one.not_resources)
        for block in one.conditions.values() if isinstance(block, dict) for key in block
    }
    return sorted(key for key in asked if engine._resolve_condition_key(key, context) is None)
