"""What the local cloud can be told about CloudTrail, beside AWS's calls: `POST /_local/cloudtrail/digest`."""

import asyncio
import datetime
import json

from ministack import app

from overlay.cloudtrail import digest

_DIGEST = "/_local/cloudtrail/digest"


def install() -> None:
    """`POST /_local/cloudtrail/digest?until=<seconds since 1970, or RFC 3339>`: digest files at once, see `digest.close`.
    Its answer lists them. For this local cloud only, like MiniStack's own `/_ministack/…`: no credentials."""
    stock = app._handle_post_body_shortcuts

    async def shortcuts(method, path, headers, body, query, request_id):
        if path != _DIGEST or method != "POST":
            return await stock(method, path, headers, body, query, request_id)
        asked = query.get("until")
        try:
            until = _time(asked[0] if isinstance(asked, list) else asked) if asked else None
            made = await asyncio.to_thread(digest.close, until)
        except ValueError as error:
            return 400, {"Content-Type": "application/json"}, json.dumps({"message": str(error)}).encode()
        return 200, {"Content-Type": "application/json"}, json.dumps({"digests": made}).encode()

    app._handle_post_body_shortcuts = shortcuts


def _time(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
