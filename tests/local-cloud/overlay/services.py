"""What AWS's services do by a function's role, and only if that role may: its logs, its stream, its failures."""

import logging

from ministack import app
from ministack.core import iam_evaluator as engine
from ministack.core.responses import get_region
from ministack.services import iam, lambda_svc

from overlay import decisions, scheduler, streams

_log = logging.getLogger("local-cloud.services")

_READS_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")
"""Source: Lambda developer guide, execution role permissions for DynamoDB event source mappings."""


def install() -> None:
    """Patch what is done for a function. See each for what AWS does."""
    _install_logs()
    _install_streams()
    _install_failures()
    _install_dead_letters()


def may(role_arn: str, service: str, resource: str, *actions: str) -> bool:
    """Whether a role, as `service` holds it, may do all of this; on record as calls are."""
    if not app.AUTH:
        return True
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    policies = engine._gather_role_policies(name, account)
    boundary = engine._permissions_boundary(iam._roles, name, account)
    for action in actions:
        context = engine.EvalContext(
            principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/{service}", principal_type="AssumedRole",
            principal_account=account, action=action, resource_arn=resource, region=get_region(),
            service_context={"aws:tagkeys": None},
        )
        own = engine.evaluate(context, policies, *boundary)
        decisions.note(context, policies, own, own.decision == "Allow")
        if own.decision != "Allow":
            _log.warning("%s may not %s on %s", role_arn, action, resource)
            return False
    return True


def _config(function: dict) -> dict:
    return function.get("config") or function


def _install_logs() -> None:
    """AWS: a function's log is written by its own role; without the right there is none. MiniStack: always."""
    stock = lambda_svc._emit_lambda_logs

    def _emit_lambda_logs(func, *args, **kwargs):
        config = _config(func)
        account, region = lambda_svc._account_region_from_function_config(config)
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}"
        stream = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:one"
        if may(config["Role"], "lambda", stream, "logs:CreateLogStream", "logs:PutLogEvents"):
            stock(func, *args, **kwargs)

    lambda_svc._emit_lambda_logs = _emit_lambda_logs


def _install_streams() -> None:
    """AWS: a mapping reads its stream by the function's role. MiniStack: always."""
    stock = streams._read_batch

    def _read_batch(mapping, function, *args):
        role = _config(function)["Role"]
        if not may(role, "lambda", mapping["EventSourceArn"], *_READS_STREAM):
            mapping["LastProcessingResult"] = "PROBLEM: Cannot access stream. Please ensure the role can perform the GetRecords, " \
                "GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM."
            return []
        return stock(mapping, function, *args)

    streams._read_batch = _read_batch


def _install_failures() -> None:
    """AWS: what is given up on is handed to its destination by the function's role. MiniStack: always."""
    stock_event, stock_batch = lambda_svc._route_async_failure, lambda_svc._send_ddb_stream_failure_record

    def _route_async_failure(target_arn, func_name, event, result):
        role = _config(lambda_svc._functions.get(func_name) or {}).get("Role")
        if not role or ":sqs:" not in target_arn or may(role, "lambda", target_arn, "sqs:SendMessage"):
            stock_event(target_arn, func_name, event, result)

    def _send_ddb_stream_failure_record(esm, func_rec, *args):
        destination = ((esm.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination") or ""
        if ":sqs:" not in destination or may(_config(func_rec)["Role"], "lambda", destination, "sqs:SendMessage"):
            stock_batch(esm, func_rec, *args)

    lambda_svc._route_async_failure = _route_async_failure
    lambda_svc._send_ddb_stream_failure_record = _send_ddb_stream_failure_record


def _install_dead_letters() -> None:
    """AWS: a schedule's dead letter is written by its execution role. MiniStack: there is none."""
    stock = scheduler._bury

    def _bury(schedule, *args):
        target = schedule["Target"]
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if queue and may(target["RoleArn"], "scheduler", queue, "sqs:SendMessage"):
            stock(schedule, *args)

    scheduler._bury = _bury
