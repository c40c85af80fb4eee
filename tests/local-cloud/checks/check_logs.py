"""CloudWatch Logs sends log lines on to functions."""

import base64
import gzip
import json
import time

from checks.world import unique, until


def lines_reach_a_function(world):
    logs, function, group = world.client("logs"), world.function(), unique("group")
    arn = world.client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    logs.put_subscription_filter(logGroupName=group, filterName="wanted", filterPattern="", destinationArn=arn)
    lines = [{"timestamp": int(time.time() * 1000), "message": text} for text in ('{"kind":"Event"}', "second")]
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=lines)
    event = until(lambda: world.events(function))[0]["event"]
    told = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    assert told["messageType"] == "DATA_MESSAGE" and told["owner"] == "111111111111", told
    assert told["logGroup"] == group and told["logStream"] == "one" and told["subscriptionFilters"] == ["wanted"], told
    assert [one["message"] for one in told["logEvents"]] == [one["message"] for one in lines], told
    assert all(one["id"] and one["timestamp"] for one in told["logEvents"]), told
