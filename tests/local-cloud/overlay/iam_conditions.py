"""IAM evaluation: the condition keys, variables and implied actions that Countersign's own policies are made of.

Without these a correct least-privilege template is either refused here or, worse, passes here and is refused on AWS.
"""

import dataclasses
import json
import re

from ministack.core import iam_actions, iam_evaluator
from ministack.services import dynamodb, iam, sts, tagging

from overlay import settings
from overlay.request import current, form


def install() -> None:
    """Patch the evaluator. See each function for what AWS does."""
    _install_request_keys()
    _install_leading_keys()
    _install_implied_actions()
    _install_principal_arn()
    _install_policy_variables()
    _install_session_keys()
    _install_policy_tags()


def _install_request_keys() -> None:
    """AWS: `iam:PolicyARN` on attach/detach, `iam:PermissionsBoundary` on what sets a boundary (the new one) and on what
    changes a role (the role's present one). MiniStack: neither key exists, so every condition on them is false."""
    stock = iam_actions.request_tag_context
    on_existing = {
        "AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy", "DeleteRolePermissionsBoundary",
    }

    def request_tag_context(service, action, body, params):
        context = dict(stock(service, action, body, params))
        current.set((service, body, params))
        if service != "iam":
            return context
        call = form(body, params)
        if call.get("PolicyArn"):
            context["iam:PolicyARN"] = call["PolicyArn"]
        if call.get("PermissionsBoundary"):
            context["iam:PermissionsBoundary"] = call["PermissionsBoundary"]
        elif action.split(":")[1] in on_existing:
            boundary = (iam._roles.get(call.get("RoleName", "")) or {}).get("PermissionsBoundary")
            if boundary:
                is_text = isinstance(boundary, str)
                context["iam:PermissionsBoundary"] = boundary if is_text else boundary.get("PermissionsBoundaryArn")
        return context

    iam_actions.request_tag_context = request_tag_context


def _leading_keys(call: dict) -> list[str]:
    """Values of the partition keys that a DynamoDB call names, over all its items."""
    keys: list[str] = []

    def take(table_name, item):
        table = dynamodb._tables.get(table_name or "")
        if table and item and table["pk_name"] in item:
            keys.append(next(iter(item[table["pk_name"]].values())))

    table_name = call.get("TableName")
    take(table_name, call.get("Item") or call.get("Key"))
    condition = call.get("KeyConditionExpression")
    table = dynamodb._tables.get(table_name or "")
    if condition and table and not call.get("IndexName"):
        names = call.get("ExpressionAttributeNames") or {}
        values = call.get("ExpressionAttributeValues") or {}
        for name, value in re.findall(r"([#\w.]+)\s*=\s*(:\w+)", condition):
            if names.get(name, name) == table["pk_name"] and value in values:
                keys.append(next(iter(values[value].values())))
    for name, requests in (call.get("RequestItems") or {}).items():
        if isinstance(requests, dict):
            requests = [{"Get": key} for key in requests.get("Keys", [])]
        for one in requests:
            put, delete = one.get("PutRequest") or {}, one.get("DeleteRequest") or {}
            take(name, put.get("Item") or delete.get("Key") or one.get("Get"))
    for one in call.get("TransactItems") or []:
        for operation in one.values():
            take(operation.get("TableName"), operation.get("Item") or operation.get("Key"))
    return keys


def _install_leading_keys() -> None:
    """AWS: `dynamodb:LeadingKeys` holds the partition keys a call touches. MiniStack: absent."""
    stock = iam_actions.dynamodb_service_context

    def dynamodb_service_context(body):
        context = stock(body)
        try:
            keys = _leading_keys(json.loads(body or b"{}"))
        except (ValueError, AttributeError, TypeError):
            keys = []
        if keys:
            context["dynamodb:LeadingKeys"] = keys
        return context

    iam_actions.dynamodb_service_context = dynamodb_service_context


_PASSES_A_ROLE = {
    "scheduler:CreateSchedule": ("scheduler.amazonaws.com", lambda call: [(call.get("Target") or {}).get("RoleArn")]),
    "scheduler:UpdateSchedule": ("scheduler.amazonaws.com", lambda call: [(call.get("Target") or {}).get("RoleArn")]),
    "lambda:CreateFunction": ("lambda.amazonaws.com", lambda call: [call.get("Role")]),
    "lambda:UpdateFunctionConfiguration": ("lambda.amazonaws.com", lambda call: [call.get("Role")]),
    "events:PutTargets": ("events.amazonaws.com", lambda call: [t.get("RoleArn") for t in call.get("Targets", [])]),
}
"""Calls that hand a role to a service: the service, and where the call names the role."""


def _passed_roles(action: str, body: bytes) -> list[str]:
    try:
        call = json.loads(body or b"{}")
    except ValueError:
        return []
    return [arn for arn in _PASSES_A_ROLE[action][1](call) if arn]


def assume_role_keys(call: dict) -> dict:
    """Condition keys of an AssumeRole call, for the caller's policies and for the role's trust policy."""
    keys = {f"sts:{key}": call[key] for key in ("RoleSessionName", "ExternalId", "SourceIdentity") if call.get(key)}
    transitive = [value for key, value in call.items() if re.fullmatch(r"TransitiveTagKeys\.member\.\d+", key)]
    if transitive:
        keys["sts:TransitiveTagKeys"] = transitive
    return keys


def _install_implied_actions() -> None:
    """AWS asks for more than the action called: `iam:PassRole` (with `iam:PassedToService`) when a role is handed to a
    service, `iam:TagRole` when a role is made with tags, and on the caller's side of AssumeRole `sts:TagSession` and
    `sts:SetSourceIdentity`. MiniStack asks for none of them."""
    stock = iam_evaluator.enforce

    def enforce(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        def may(action, in_service=service, resource=resource_arn, context=service_context):
            return stock(access_key_id, action, in_service, region, resource_arn=resource, service_context=context)

        request_service, body, params = current.get()
        if iam_action == "sts:AssumeRole":
            call = form(body, params)
            service_context = {**(service_context or {}), **assume_role_keys(call)}
            for action, needed in (
                ("sts:TagSession", "Tags.member.1.Key" in call),
                ("sts:SetSourceIdentity", bool(call.get("SourceIdentity"))),
            ):
                if needed and (refusal := may(action, context=service_context)) is not None:
                    return refusal
        refusal = may(iam_action, context=service_context)
        if refusal is not None:
            return refusal
        if iam_action in _PASSES_A_ROLE and request_service == service:
            passed_to = {"iam:PassedToService": _PASSES_A_ROLE[iam_action][0]}
            for role in _passed_roles(iam_action, body):
                refusal = may("iam:PassRole", in_service="iam", resource=role, context=passed_to)
                if refusal is not None:
                    return refusal
        if iam_action in ("iam:CreateRole", "iam:CreateUser", "iam:CreatePolicy") and (service_context or {}).get("aws:TagKeys"):
            return may(iam_action.replace("Create", "Tag"), in_service="iam", context=service_context)
        return None

    iam_evaluator.enforce = enforce


def _install_principal_arn() -> None:
    """AWS: `aws:PrincipalArn` of a session is its role's ARN, path included. MiniStack: the session's ARN."""
    stock = iam_evaluator._resolve_condition_key

    def _resolve_condition_key(key, context):
        if key.lower() == "aws:principalarn" and ":assumed-role/" in context.principal_arn:
            name = iam_evaluator._role_name_from_assumed_arn(context.principal_arn)
            role = iam._roles.get_scoped(context.principal_account, None, name)
            return (role or {}).get("Arn") or context.principal_arn
        return stock(key, context)

    iam_evaluator._resolve_condition_key = _resolve_condition_key


_NEVER = "\0undefined\0"
"""Stands for a policy variable without a value: AWS then lets the statement match nothing."""


def _substitute(text, context):
    if not isinstance(text, str) or "${" not in text:
        return text

    def value_of(match):
        name = match.group(1)
        if name in ("*", "?", "$"):
            return name
        name, _, default = name.partition(",")
        value = iam_evaluator._resolve_condition_key(name.strip(), context)
        if value is None:
            return default.strip().strip("'") if default else _NEVER
        return str(value)

    return re.sub(r"\$\{([^}]+)\}", value_of, text)


def _install_policy_variables() -> None:
    """AWS: `${aws:username}` and the like in Resource and Condition. MiniStack: taken literally."""
    stock_match, stock_met = iam_evaluator._first_match, iam_evaluator._conditions_met

    def _first_match(context, statements, effect):
        def filled(statement):
            if not any("${" in resource for resource in statement.resources + statement.not_resources):
                return statement
            return dataclasses.replace(
                statement,
                resources=[_substitute(resource, context) for resource in statement.resources],
                not_resources=[_substitute(resource, context) for resource in statement.not_resources],
            )

        return stock_match(context, [filled(statement) for statement in statements], effect)

    def _conditions_met(conditions, context):
        def filled(value):
            return [_substitute(one, context) for one in value] if isinstance(value, list) else _substitute(value, context)

        if conditions and "${" in json.dumps(conditions):
            conditions = {
                operator: {key: filled(value) for key, value in keys.items()} if isinstance(keys, dict) else keys
                for operator, keys in conditions.items()
            }
        return stock_met(conditions, context)

    iam_evaluator._first_match, iam_evaluator._conditions_met = _first_match, _conditions_met


def _install_session_keys() -> None:
    """AWS: `aws:SourceIdentity` is what the session was made with, `aws:PrincipalOrgID` the organisation of the caller's
    account. MiniStack: absent."""
    stock = iam_evaluator._principal_keys

    def _principal_keys(credential):
        keys = stock(credential)
        session = sts._sessions.get(credential.access_key_id) or {}
        if session.get("SourceIdentity"):
            keys["aws:sourceidentity"] = session["SourceIdentity"]
        if settings.ORGANIZATION:
            keys["aws:principalorgid"] = settings.ORGANIZATION
        return keys

    iam_evaluator._principal_keys = sts._principal_keys = _principal_keys


def _install_policy_tags() -> None:
    """AWS: `aws:ResourceTag` holds the tags of a customer managed policy. MiniStack: of other resources only."""
    stock = tagging.resource_tags

    def resource_tags(arn):
        if ":policy/" not in arn or not arn.startswith("arn:aws:iam::"):
            return stock(arn)
        policy = iam._policies.get(arn)
        return {tag["Key"]: tag["Value"] for tag in policy.get("Tags", [])} if policy else None

    tagging.resource_tags = resource_tags
