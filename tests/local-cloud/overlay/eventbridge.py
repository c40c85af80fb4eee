"""EventBridge: which rules an event reaches, and how a rule calls a function."""

import json

from ministack.services import eventbridge, lambda_svc


def install() -> None:
    """Patch the bus. See each function for what AWS does."""
    eventbridge._dispatch_event = _dispatch_event
    _retry_functions()


def _dispatch_event(event, view=None) -> None:
    """AWS: read-only management events of CloudTrail reach only rules in state
    ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS, here and on a bus they are forwarded to; other events reach these rules
    too. MiniStack: a rule in that state matches nothing."""
    states = {"ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"} | (set() if event.get("ReadOnlyManagement") else {"ENABLED"})
    view = view or eventbridge._pattern_event_view(event)
    for key, rule in list(eventbridge._rules.items()):
        if rule.get("EventBusName", "default") != event.get("EventBusName", "default"):
            continue
        if key in (event.get("_DispatchPath") or []) or rule.get("State") not in states or not rule.get("EventPattern"):
            continue
        if eventbridge._matches_pattern_view(rule["EventPattern"], view, f"rule {key}"):
            for target in list(eventbridge._targets.get(key, [])):
                eventbridge._invoke_target(target, event, rule, view)


def _retry_functions() -> None:
    """AWS: asynchronously, so Lambda tries a failing function twice more and then tells its OnFailure destination or
    dead-letter queue. MiniStack: once; a failure is lost."""

    def _dispatch_to_lambda(arn, payload):
        try:
            event = json.loads(payload)
        except (ValueError, TypeError):
            event = {"body": payload}
        function, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if function and config:
            lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), event)

    eventbridge._dispatch_to_lambda = _dispatch_to_lambda
