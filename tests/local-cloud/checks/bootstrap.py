"""A function for the checks: a Lambda bootstrap in plain Python, so that checking the overlay compiles nothing.

It writes each event it gets to the file named by EVENTS_FILE, then does what the event's "do" says (echo if nothing).
"""

import json
import os
import sys
import time
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def handle(event):
    """The answer to an event; an exception is a function error."""
    if "EVENTS_FILE" in os.environ:
        with open(os.environ["EVENTS_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps({"function": os.environ["AWS_LAMBDA_FUNCTION_NAME"], "at": time.time(), "event": event}) + "\n")
    if isinstance(event, dict) and event.get("do") == "fail":
        raise RuntimeError("told to fail")
    if isinstance(event, dict) and event.get("do") == "environment":
        return {key: value for key, value in os.environ.items() if key.startswith("AWS_")}
    records = event.get("Records") if isinstance(event, dict) else None
    if records:
        return {"batchItemFailures": failures(records)}
    if isinstance(event, dict) and "requestContext" in event:
        return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
    return event


def failures(records):
    """The stream records that ask to fail: all attempts (`poison`), or the first (`once`). `slow` takes its time."""
    found = []
    for record in records:
        if "dynamodb" not in record:
            continue
        image = record["dynamodb"].get("NewImage", {})
        wish = image.get("wish", {}).get("S")
        number = record["dynamodb"]["SequenceNumber"]
        if wish == "crash":
            raise RuntimeError("told to crash")
        if wish == "slow":
            time.sleep(3)
        if wish == "poison" or (wish == "once" and number not in SEEN):
            found.append({"itemIdentifier": number})
        SEEN.add(number)
    return found


SEEN = set()


def main():
    """The Runtime API's loop."""
    while True:
        with urllib.request.urlopen(f"{API}/next") as response:
            request_id, event = response.headers["Lambda-Runtime-Aws-Request-Id"], json.load(response)
        try:
            place, answer = "response", handle(event)
        except Exception as error:
            place, answer = "error", {"errorType": type(error).__name__, "errorMessage": str(error)}
        print(f"event handled: {place}", file=sys.stderr, flush=True)
        request = urllib.request.Request(f"{API}/{request_id}/{place}", json.dumps(answer).encode(), method="POST")
        urllib.request.urlopen(request).read()


main()
