"""S3: what EventBridge is told of a stored object, and who of another account may do what in a bucket."""

import contextvars
import dataclasses
import json

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import eventbridge, s3

requester: contextvars.ContextVar = contextvars.ContextVar("local_cloud_s3_requester", default=None)
"""Account or service that makes the call being served."""

_version: contextvars.ContextVar = contextvars.ContextVar("local_cloud_s3_version", default=None)
_foreign: contextvars.ContextVar = contextvars.ContextVar("local_cloud_s3_foreign", default=False)


def install() -> None:
    """Patch events, bucket policies and the keys that they test. See each function for what AWS does."""
    _install_events()
    _install_foreign_callers()
    _install_preconditions()
    _install_transport()


def _install_foreign_callers() -> None:
    """AWS: the policy of another account's bucket is asked about the role or user that calls. MiniStack: about that one's
    account as a whole, so a statement for one role lets in nobody."""
    stock_allows, stock_evaluate = s3._foreign_bucket_allows, iam_evaluator.evaluate_resource_policy

    def foreign_bucket_allows(*args, **kwargs):
        undo = _foreign.set(True)
        try:
            return stock_allows(*args, **kwargs)
        finally:
            _foreign.reset(undo)

    def evaluate_resource_policy(doc, ctx, *args, **kwargs):
        if _foreign.get() and ctx.principal_type == "Root":
            caller = iam_evaluator.caller_arn()
            if not caller.endswith(":root"):
                kind = "AssumedRole" if ":assumed-role/" in caller else "User"
                ctx = dataclasses.replace(ctx, principal_arn=caller, principal_type=kind)
        return stock_evaluate(doc, ctx, *args, **kwargs)

    s3._foreign_bucket_allows = foreign_bucket_allows
    iam_evaluator.evaluate_resource_policy = evaluate_resource_policy


def _install_preconditions() -> None:
    """AWS: `s3:if-match` and `s3:if-none-match` are the headers of a put. MiniStack: neither key exists, so a policy that
    demands them refuses every put."""
    stock = iam_actions.s3_service_context

    def s3_service_context(action, query, path="", headers=None):
        context = dict(stock(action, query, path, headers))
        if action == "s3:PutObject":
            for name in ("if-match", "if-none-match"):
                if (headers or {}).get(name):
                    context[f"s3:{name}"] = headers[name]
        return context

    iam_actions.s3_service_context = s3_service_context


def _install_transport() -> None:
    """AWS: clients come by TLS, and policies refuse those that do not. Here there is no TLS: who comes by the loopback
    interface counts as if they did."""
    stock = app.pin_request_origin

    def pin_request_origin(source_ip, secure_transport):
        stock(source_ip, secure_transport or source_ip in ("127.0.0.1", "::1"))

    app.pin_request_origin = pin_request_origin


def _install_events() -> None:
    """AWS: the event names who called, which may be another account or a service, and the object's version. MiniStack:
    the bucket's owner always, and no version."""
    stock_handle, stock_fire, stock_dispatch = s3.handle_request, s3._fire_s3_event, eventbridge._dispatch_event

    async def handle_request(*args, **kwargs):
        requester.set(get_account_id())
        return await stock_handle(*args, **kwargs)

    def fire(*args, **kwargs):
        _version.set(kwargs.get("version_id"))
        stock_fire(*args, **kwargs)

    def dispatch(event, view=None):
        if event.get("Source") == "aws.s3" and event.get("DetailType", "").startswith("Object ") and view is None:
            detail = json.loads(event["Detail"])
            detail["requester"] = requester.get() or detail["requester"]
            if _version.get():
                detail["object"]["version-id"] = _version.get()
            event = event | {"Detail": json.dumps(detail)}
        stock_dispatch(event, view)

    app._get_module("s3").handle_request = handle_request
    s3._fire_s3_event, eventbridge._dispatch_event = fire, dispatch
