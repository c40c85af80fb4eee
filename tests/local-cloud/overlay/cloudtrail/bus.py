"""Events on the default bus: "AWS API Call via CloudTrail"."""

import logging
import queue
import threading
import time
import uuid

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import eventbridge

_MOST = 256 * 1024
"""Bytes of the longest event that EventBridge gets:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html"""


_log = logging.getLogger("local-cloud.cloudtrail")
_waiting: queue.SimpleQueue = queue.SimpleQueue()


def install() -> None:
    """AWS: near real time. MiniStack: nothing is sent."""
    threading.Thread(target=_dispatch_for_ever, daemon=True, name="local-cloud-cloudtrail-bus").start()


def send(event: dict, record: str) -> None:
    """Beside the call: a rule's target must not slow down the call it tells of. `overlay.eventbridge` keeps read-only
    management events from rules that do not ask for them."""
    if len(record.encode()) > _MOST:
        return
    account, region = event["recipientAccountId"], event["awsRegion"]
    # AWS: named Describe…, Get… or List…; AssumeRole, though it is read-only, reaches every rule.
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
    reads = event["readOnly"] and event["managementEvent"] and event["eventName"].startswith(("Describe", "Get", "List"))
    _waiting.put({
        "EventId": str(uuid.uuid4()), "Source": f"aws.{event['eventSource'].split('.')[0]}",
        "DetailType": "AWS API Call via CloudTrail", "Detail": record, "Time": time.time(), "Resources": [],
        "Account": account, "Region": region, "EventBusName": "default",
        "ReadOnlyManagement": reads and event["eventName"] not in ("GetFederationToken", "GetSessionToken"),
    })


def _dispatch_for_ever() -> None:
    while True:
        envelope = _waiting.get()
        set_request_account_id(envelope["Account"])
        set_request_region(envelope["Region"])
        try:
            eventbridge._ensure_default_bus()
            eventbridge._dispatch_event(envelope)
        except Exception:  # noqa: BLE001  (the next event may go through)
            _log.exception("an event was not sent to the default bus")
