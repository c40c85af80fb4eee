"""What several patches need to know of the request being served."""

import contextvars
import datetime
from urllib.parse import parse_qs

current: contextvars.ContextVar = contextvars.ContextVar("local_cloud_request", default=("", b"", {}))
"""(service, body, parameters) of the request whose permissions are being evaluated."""


def form(body: bytes, params: dict) -> dict:
    """Parameters of a Query API call (IAM, STS), from the URL and the form body, first value of each."""
    found = {key: value[0] if isinstance(value, list) else value for key, value in (params or {}).items()}
    try:
        parsed = parse_qs((body or b"").decode(), keep_blank_values=True)
    except UnicodeDecodeError:
        return found
    found.update({key: value[0] for key, value in parsed.items()})
    return found


def utc(epoch: float | None = None) -> str:
    """RFC 3339 in whole seconds, as AWS writes times."""
    moment = datetime.datetime.now(datetime.UTC) if epoch is None else datetime.datetime.fromtimestamp(epoch, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
