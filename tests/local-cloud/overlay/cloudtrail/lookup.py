"""The event history: LookupEvents."""

import base64
import json
import threading
import time

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudtrail

from overlay import settings

_PAGE = 50
_DAYS_KEPT = 90
_recent: dict = {}
_recent_lock = threading.Lock()

_ATTRIBUTES = ("EventId", "EventName", "ReadOnly", "Username", "EventSource", "AccessKeyId")


def install() -> None:
    """AWS: management events of 90 days, newest first, 50 a page, one attribute, two calls a second. MiniStack: all
    events, the first page only, no limit."""
    cloudtrail._DISPATCH["LookupEvents"] = _lookup_events


def keep(event: dict, record: str, user: str, access_key: str, resources: list) -> None:
    """Into the history of the event's account and region."""
    account, region = event["recipientAccountId"], event["awsRegion"]
    queue = cloudtrail._events.get_scoped(account, region, "events")
    if queue is None:
        queue = cloudtrail.collections.deque(maxlen=cloudtrail._MAX_EVENTS)
        cloudtrail._events.set_scoped(account, region, "events", queue)
    queue.append({
        "EventId": event["eventID"], "EventName": event["eventName"], "EventSource": event["eventSource"],
        "EventTime": time.time(), "Username": user, "AccessKeyId": access_key,
        "ReadOnly": str(event["readOnly"]).lower(), "Resources": resources, "CloudTrailEvent": record,
    })


def _lookup_events(body: dict) -> tuple:
    if _too_fast(get_account_id(), get_region()):
        return cloudtrail._err("ThrottlingException", "Rate exceeded")
    wanted = body.get("LookupAttributes") or []
    known = (*_ATTRIBUTES, "ResourceName", "ResourceType")
    if len(wanted) > 1 or any(one.get("AttributeKey") not in known for one in wanted):
        return cloudtrail._err("InvalidLookupAttributesException", "Specify one valid lookup attribute.")
    start, end = (body.get(name) and float(body[name]) for name in ("StartTime", "EndTime"))
    if start and end and start > end:
        return cloudtrail._err("InvalidTimeRangeException", "The start time is after the end time.")
    most = body.get("MaxResults", _PAGE)
    if not isinstance(most, int) or not 1 <= most <= _PAGE:
        return cloudtrail._err("InvalidMaxResultsException", f"MaxResults must be between 1 and {_PAGE}.")
    question = json.dumps([wanted, start, end], sort_keys=True)
    after = _opened(body.get("NextToken"), question)
    if after is None:
        return cloudtrail._err("InvalidNextTokenException", "The token is invalid, or the parameters have changed.")

    oldest = max(start or 0, time.time() - _DAYS_KEPT * 24 * 3600)
    newest_first = [one for one in reversed(list(cloudtrail._get_event_queue())) if _matches(one, wanted, oldest, end)]
    if after:
        # From the last one given on, whatever has been added in front since.
        at = next((index for index, one in enumerate(newest_first) if one["EventId"] == after), len(newest_first))
        newest_first = newest_first[at + 1:]
    page = newest_first[:most]
    answer = {"Events": page}
    if len(newest_first) > most:
        token = json.dumps([page[-1]["EventId"], question]).encode()
        answer["NextToken"] = base64.b64encode(token).decode()
    return cloudtrail._ok(answer)



def _opened(token: str | None, question: str) -> str | None:
    """The event after which the page begins, empty for the first page; none for a token of another question."""
    if not token:
        return ""
    try:
        after, asked = json.loads(base64.b64decode(token))
    except ValueError:
        return None
    return after if asked == question else None


def _matches(one: dict, wanted: list, oldest: float, end: float | None) -> bool:
    # The times asked for are whole seconds; so are those of the events.
    if int(one["EventTime"]) < int(oldest) or (end and int(one["EventTime"]) > end):
        return False
    for attribute in wanted:
        key, value = attribute["AttributeKey"], attribute.get("AttributeValue")
        if key in _ATTRIBUTES:
            if one.get(key) != value:
                return False
        elif all(resource.get(key) != value for resource in one["Resources"]):
            return False
    return True


def _too_fast(account: str, region: str) -> bool:
    """More than so many calls within the last second, in this account and region."""
    if not settings.CLOUDTRAIL_LOOKUPS:
        return False
    with _recent_lock:
        now = time.monotonic()
        times = [one for one in _recent.get((account, region), []) if now - one < 1.0]
        refused = len(times) >= settings.CLOUDTRAIL_LOOKUPS
        _recent[(account, region)] = times if refused else [*times, now]
        return refused
