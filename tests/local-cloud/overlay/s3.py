"""S3: what EventBridge is told of a stored object."""

import contextvars
import json

from ministack import app
from ministack.core.responses import get_account_id
from ministack.services import eventbridge, s3

requester: contextvars.ContextVar = contextvars.ContextVar("local_cloud_s3_requester", default=None)
"""Account or service that makes the call being served."""

_version: contextvars.ContextVar = contextvars.ContextVar("local_cloud_s3_version", default=None)


def install() -> None:
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
