"""EventBridge Scheduler: one-time schedules that fire, retry and give up as AWS's do."""

import dataclasses
import datetime
import hashlib
import json
import logging
import re
import time
import uuid
import zoneinfo

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.arn import parse_arn
from ministack.core.responses import get_account_id, get_region, set_request_account_id, set_request_region
from ministack.services import eventbridge, iam, lambda_svc, scheduler, sqs

from overlay import decisions, settings
from overlay.request import utc

_log = logging.getLogger("local-cloud.scheduler")

_deliveries: dict = {}
"""(schedule's key, generation) -> attempts so far, when the next is due, whether it is over."""

_tokens: dict = {}
"""Schedule's key -> (ClientToken, digest of the call): a repeated call is a success, not a conflict."""


def install() -> None:
    """Patch the ticker and the five calls of the API."""
    scheduler._SCHEDULE_TICK_INTERVAL = settings.SCHEDULER_TICK
    # Rules of the bus with a rate or cron have a ticker of their own; it looks every 10 s, which makes a minute 70 s.
    eventbridge._SCHEDULER_TICK_INTERVAL = settings.SCHEDULER_TICK
    _install_ticker()
    _install_writes()
    _install_reads()


def _due_at(schedule: dict) -> float | None:
    """When an `at()` schedule is due, in its own time zone; None for `rate()` and `cron()`."""
    found = re.fullmatch(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", (schedule.get("ScheduleExpression") or "").strip())
    if not found:
        return None
    zone = zoneinfo.ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
    return datetime.datetime.fromisoformat(found.group(1)).replace(tzinfo=zone).timestamp()


def _role_problem(schedule: dict, action: str, account: str, region: str) -> str | None:
    """AWS: the execution role must trust the scheduler and may call the target. MiniStack: looks at neither."""
    target = schedule["Target"]
    name = target.get("RoleArn", "").rsplit("/", 1)[-1]
    role = iam._roles.get_scoped(account, None, name)
    if not role:
        return "the execution role does not exist"
    context = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/scheduler",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=target["Arn"],
        region=region,
    )
    # The confused-deputy key names the schedule's group, not the schedule.
    group = f"arn:aws:scheduler:{region}:{account}:schedule-group/{schedule['GroupName']}"
    source = {"aws:sourceaccount": account, "aws:sourcearn": group}
    assuming = dataclasses.replace(context, action="sts:AssumeRole", service_context=source)
    trust = role.get("AssumeRolePolicyDocument", "{}")
    statements = (json.loads(trust) if isinstance(trust, str) else trust).get("Statement", [])

    def trusts(statement):
        principal = statement.get("Principal")
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        named = "scheduler.amazonaws.com" in ([services] if isinstance(services, str) else services)
        allowed = statement.get("Effect") == "Allow"
        return named and allowed and iam_evaluator._conditions_met(statement.get("Condition", {}), assuming)

    if not any(map(trusts, [statements] if isinstance(statements, dict) else statements)):
        return "scheduler.amazonaws.com may not assume the execution role"
    policies = iam_evaluator._gather_role_policies(name, account)
    boundary = iam_evaluator._permissions_boundary(iam._roles, name, account)
    decided = iam_evaluator.evaluate(context, policies, *boundary)
    decisions.note(context, policies, decided, decided.decision == "Allow")
    if decided.decision != "Allow":
        return f"the execution role may not {action} on {target['Arn']}"
    return None


def _deliver(schedule: dict, account: str, region: str, attempt: int, due: float) -> str | None:
    """Call the target once; what went wrong, or None. A Lambda target is invoked asynchronously, so a failing function
    is Lambda's to retry: the schedule has done its work when the event is accepted."""
    target = schedule["Target"]
    spec = parse_arn(target["Arn"])
    text = target.get("Input") or "{}"
    for name, value in {
        "schedule-arn": schedule["Arn"],
        "scheduled-time": utc(due),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": str(attempt),
    }.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    action = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage"}.get(spec.service)
    if action and app.AUTH:
        problem = _role_problem(schedule, action, account, region)
        if problem:
            return problem
    if spec.service == "lambda":
        function, config, _ = lambda_svc._get_func_record_for_ref(target["Arn"])
        if not function or not config:
            return "ResourceNotFoundException: the target function does not exist"
        record = lambda_svc._execution_record_for_config(function, config)
        lambda_svc.invoke_async_with_retry(record, json.loads(text))
        return None
    if spec.service == "sqs" and not sqs._queue_by_arn(target["Arn"]):
        return "AWS.SimpleQueueService.NonExistentQueue"
    event = {
        "EventId": str(uuid.uuid4()), "Source": "aws.scheduler", "DetailType": "Scheduled Event", "Detail": "{}",
        "Time": time.time(), "Resources": [schedule["Arn"]], "Account": account, "Region": region,
    }
    eventbridge._invoke_target(dict(target, Input=text), event, schedule)
    return None


def _bury(schedule: dict, problem: str, attempt: int) -> None:
    """AWS: an event that was given up goes to the target's dead-letter queue with `X-Amz-Scheduler-*` attributes.
    MiniStack: it is lost."""
    arn = (schedule["Target"].get("DeadLetterConfig") or {}).get("Arn")
    queue = sqs._queue_by_arn(arn) if arn else None
    if not queue:
        return
    eventbridge._dispatch_to_sqs(parse_arn(arn), schedule["Target"].get("Input") or "{}", {"MessageGroupId": "scheduler"})
    attributes = {
        "Attempt": str(attempt), "Error-Code": "TargetDeliveryFailed", "Error-Message": problem,
        "Group": schedule["GroupName"], "Schedule-Arn": schedule["Arn"],
    }
    queue["messages"][-1]["message_attributes"] = {
        f"X-Amz-Scheduler-{name}": {"DataType": "String", "StringValue": value} for name, value in attributes.items()
    }


def _fire_if_due(key: tuple, schedule: dict, now: float) -> None:
    account, region, _ = key
    due = _due_at(schedule)
    if due is None or schedule.get("State") != "ENABLED":
        return
    # A generation per definition: UpdateSchedule makes a new record, so a schedule that fired can fire again.
    generation = schedule.setdefault("_generation", str(uuid.uuid4()))
    delivery = _deliveries.setdefault((key, generation), {"attempts": 0, "next": due, "over": False})
    if delivery["over"] or now < delivery["next"]:
        return
    set_request_account_id(account)
    set_request_region(region)
    delivery["attempts"] += 1
    try:
        problem = _deliver(schedule, account, region, delivery["attempts"], due)
    except Exception as error:  # noqa: BLE001  (whatever a target does is a failed delivery)
        problem = repr(error)
    policy = schedule["Target"].get("RetryPolicy") or {}
    young = now + 1 - due <= policy.get("MaximumEventAgeInSeconds", 86_400)
    if problem and young and delivery["attempts"] <= policy.get("MaximumRetryAttempts", 185):
        pause = min(2 ** (delivery["attempts"] - 1), 60) * settings.SCHEDULER_BACKOFF
        delivery["next"] = now + pause
        _log.warning("schedule %s, attempt %d: %s", schedule["Arn"], delivery["attempts"], problem)
        return
    delivery["over"] = True
    if problem:
        _log.error("schedule %s gives up: %s", schedule["Arn"], problem)
        _bury(schedule, problem, delivery["attempts"])
    if schedule.get("ActionAfterCompletion") == "DELETE":
        scheduler._schedules._data.pop(key, None)
        _deliveries.pop((key, generation), None)


def _install_ticker() -> None:
    """AWS: `at()` in the schedule's time zone, RetryPolicy, dead letters, DELETE after completion, a changed schedule
    fires again. MiniStack: none of these; it looks every 10 s. `rate()` and `cron()` stay MiniStack's."""
    stock, stock_epoch = scheduler._tick_schedules, scheduler._at_time_epoch
    # To MiniStack a one-time schedule is never due: it must not fire a second time there.
    scheduler._at_time_epoch = lambda expression: None if stock_epoch(expression) is None else float("inf")

    def _tick_schedules():
        account, region = get_account_id(), get_region()
        now = time.time()
        try:
            for key, schedule in list(scheduler._schedules._data.items()):
                _fire_if_due(key, schedule, now)
        finally:
            set_request_account_id(account)
            set_request_region(region)
        stock()

    scheduler._tick_schedules = _tick_schedules


def _problem(call: dict):
    """AWS: refuses unknown zones, impossible times, zero rates, a flexible window without its length, and a role that
    does not exist. MiniStack: accepts all."""
    def refuse(message):
        return scheduler._error(400, "ValidationException", message)

    expression = call.get("ScheduleExpression") or ""
    try:
        zoneinfo.ZoneInfo(call.get("ScheduleExpressionTimezone") or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return refuse(f"Invalid ScheduleExpressionTimezone {call.get('ScheduleExpressionTimezone')}.")
    if expression.startswith("at("):
        try:
            due = _due_at(call)
        except ValueError:
            due = None
        if due is None:
            return refuse(f"Invalid Schedule Expression {expression}.")
        if settings.SCHEDULER_REJECT_PAST and due < time.time() - 1:
            return refuse(f"Invalid Schedule Expression {expression}. The time is in the past.")
    elif expression.startswith("rate("):
        if not re.fullmatch(r"rate\([1-9]\d* (minute|minutes|hour|hours|day|days)\)", expression):
            return refuse(f"Invalid Schedule Expression {expression}.")
    window = call.get("FlexibleTimeWindow") or {}
    if window.get("Mode") == "FLEXIBLE" and not window.get("MaximumWindowInMinutes"):
        return refuse("MaximumWindowInMinutes is required when Mode is FLEXIBLE.")
    role = (call.get("Target") or {}).get("RoleArn", "")
    if role and app.AUTH and not iam._roles.get(role.rsplit("/", 1)[-1]):
        return refuse("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")
    return None


def _install_writes() -> None:
    """AWS: validates, and answers a repeated CreateSchedule with the same ClientToken and content with success."""
    stock_create, stock_update = scheduler._create_schedule, scheduler._update_schedule

    def _create_schedule(name, call):
        if not re.fullmatch(r"[0-9a-zA-Z-_.]{1,64}", name):
            return scheduler._error(
                400, "ValidationException",
                "1 validation error detected: Value at 'name' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: ^[0-9a-zA-Z-_.]{1,64}$",
            )
        refusal = _problem(call)
        if refusal:
            return refusal
        group = call.get("GroupName", "default")
        key = (get_account_id(), get_region(), group, name)
        made = (call.get("ClientToken"), hashlib.sha256(json.dumps(call, sort_keys=True).encode()).hexdigest())
        if made[0] and _tokens.get(key) == made and f"{group}/{name}" in scheduler._schedules:
            return scheduler._json_resp(200, {"ScheduleArn": scheduler._schedule_arn(group, name)})
        answer = stock_create(name, call)
        if answer[0] == 200:
            _tokens[key] = made
        return answer

    def _update_schedule(name, call):
        answer = _problem(call) or stock_update(name, call)
        if answer[0] == 200:
            changed = scheduler._schedules.get(f"{call.get('GroupName', 'default')}/{name}")
            if changed:
                changed.pop("_generation", None)
        return answer

    scheduler._create_schedule, scheduler._update_schedule = _create_schedule, _update_schedule


def _install_reads() -> None:
    """AWS: ListSchedules pages by MaxResults and NextToken. MiniStack: one page. GetSchedule must not show our marks."""
    stock_get, stock_list = scheduler._get_schedule, scheduler._list_schedules

    def _get_schedule(name, query):
        status, headers, body = stock_get(name, query)
        found = json.loads(body)
        found.pop("_generation", None)
        return status, headers, json.dumps(found).encode()

    def _list_schedules(query):
        size, start = int(query.get("MaxResults", 100)), int(query.get("NextToken") or 0)
        _, _, body = stock_list(dict(query, MaxResults="1000000"))
        found = json.loads(body)["Schedules"]
        page = {"Schedules": found[start:start + size]}
        if start + size < len(found):
            page["NextToken"] = str(start + size)
        return scheduler._json_resp(200, page)

    scheduler._get_schedule, scheduler._list_schedules = _get_schedule, _list_schedules
