"""Every knob of the local cloud: an environment variable, its default, its meaning. Read once, at start.

Of MiniStack's own, one is worth knowing: LAMBDA_ASYNC_RETRY_BASE_SECONDS (1), the pause before the first retry of an
asynchronous invocation; it doubles. AWS: one minute.
"""

import os


def _number(name: str, default: float) -> float:
    return float(os.environ.get(name, default))


SCHEDULER_TICK = _number("LOCAL_CLOUD_SCHEDULER_TICK", 0.2)
"""Seconds between two looks for schedules that are due."""

SCHEDULER_BACKOFF = _number("LOCAL_CLOUD_SCHEDULER_BACKOFF", 1.0)
"""Seconds before the first retry of a schedule's delivery; doubles each time up to 60 times this."""

SCHEDULER_REJECT_PAST = _number("LOCAL_CLOUD_SCHEDULER_REJECT_PAST", 1) != 0
"""1: CreateSchedule refuses an `at()` in the past. AWS does not document which it does, so test with 0 and 1."""

ORGANIZATION = os.environ.get("LOCAL_CLOUD_ORGANIZATION", "o-local00001")
"""Id of the organisation that every account here is in. Empty: in none."""

MIN_SESSION_SECONDS = int(_number("LOCAL_CLOUD_MIN_SESSION_SECONDS", 900))
"""Shortest DurationSeconds of AssumeRole. AWS: 900. Lower it only to watch a session expire."""

CLOUDTRAIL_FLUSH = _number("LOCAL_CLOUD_CLOUDTRAIL_FLUSH", 2.0)
"""Seconds between two deliveries of CloudTrail log files to the trail's bucket. AWS: some five minutes."""

CLOUDTRAIL_DIGEST = int(_number("LOCAL_CLOUD_CLOUDTRAIL_DIGEST", 3600))
"""Seconds that a digest file covers, from a multiple of them on. AWS: 3600. `POST /_local/cloudtrail/digest` does not wait."""

CLOUDTRAIL_LOOKUPS = int(_number("LOCAL_CLOUD_CLOUDTRAIL_LOOKUPS", 2))
"""LookupEvents per second, account and region, before ThrottlingException. AWS: 2. 0: as many as you like."""

STREAM_BACKOFF = _number("LOCAL_CLOUD_STREAM_BACKOFF", 0.3)
"""Seconds before a failed stream batch is tried again."""

FUNCTIONS_ENDPOINT = os.environ.get("LOCAL_CLOUD_FUNCTIONS_ENDPOINT", "")
"""File with the address at which functions that start from now on find AWS: that of whoever stands between them and this
cloud. Without it, or while it is not there: this cloud's own."""

DECISIONS = os.environ.get("LOCAL_CLOUD_DECISIONS", "")
"""File that gets every distinct decision on a call of a role of the system or a base role; see decisions.py. Empty: none."""


def describe() -> str:
    """The settings in one line, for the log."""
    return ", ".join(f"{name}={value}" for name, value in sorted(globals().items()) if name.isupper())
