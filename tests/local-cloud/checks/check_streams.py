"""A function that reads a DynamoDB stream."""

import json
import time

from checks.world import allow, unique, until

FILTER = {"Filters": [{"Pattern": json.dumps({"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "EVENT#"}]}}}})}]}


def _reader(world, role: str | None = None, **more):
    """A table, a function on its stream, and a writer of items."""
    dynamodb, table = world.client("dynamodb"), unique("table")
    made = dynamodb.create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    function = world.function(allow("dynamodb:*"), role=role)

    def put(*wishes, kind="EVENT"):
        """All in one transaction, so that they arrive as one batch."""
        items = [
            {"pk": {"S": unique("REQ")}, "sk": {"S": f"{kind}#{number}"}, "wish": {"S": wish}}
            for number, wish in enumerate(wishes)
        ]
        dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": item}} for item in items])

    def seen():
        return [
            [record["dynamodb"]["NewImage"]["wish"]["S"] for record in one["event"]["Records"]]
            for one in world.events(function, lambda event: "Records" in event)
        ]

    def read():
        world.client("lambda").create_event_source_mapping(
            FunctionName=function, EventSourceArn=made["TableDescription"]["LatestStreamArn"],
            StartingPosition="TRIM_HORIZON", FilterCriteria=FILTER, **more,
        )

    return put, seen, read, function


def a_write_arrives_at_once_and_only_what_passes_the_filter(world):
    put, seen, read, function = _reader(world)
    read()
    put("warm")
    until(seen)
    put("state", kind="STATE")
    began = time.time()
    put("quick")
    until(lambda: ["quick"] in seen())
    arrived = world.events(function)[-1]["at"]
    assert arrived - began < 0.5, f"{arrived - began:.2f} s"
    assert ["state"] not in seen()


def a_reported_record_is_tried_again_and_what_went_before_is_not(world):
    put, seen, read, _ = _reader(world, FunctionResponseTypes=["ReportBatchItemFailures"])
    put("good", "once", "after")
    read()
    until(lambda: len(seen()) >= 2)
    assert seen()[:2] == [["good", "once", "after"], ["once", "after"]], seen()


def a_poison_record_is_given_up_and_told(world):
    url, arn = world.queue()
    put, seen, read, function = _reader(
        world, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1, BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    put("good", "poison", "after")
    read()
    told = json.loads(until(lambda: world.messages(url))[0]["Body"])
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted" and told["DDBStreamBatchInfo"]["batchSize"] == 1, told
    until(lambda: ["after"] in seen())


def a_crash_halves_the_batch(world):
    put, seen, read, _ = _reader(world, BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    put("good", "good", "good", "crash")
    read()
    until(lambda: ["crash"] in seen())
    assert seen()[0] == ["good", "good", "good", "crash"] and ["good", "good"] in seen(), seen()


def a_window_gathers_what_comes_within_it(world):
    put, seen, read, _ = _reader(world, MaximumBatchingWindowInSeconds=1)
    read()
    for number in range(5):
        put(f"wish {number}")
    until(lambda: sum(map(len, seen())) == 5)
    assert len(seen()) <= 2, seen()


def a_slow_function_keeps_no_other_waiting(world):
    slow_put, _, slow_read, _ = _reader(world)
    put, seen, read, _ = _reader(world)
    slow_read()
    read()
    put("warm")
    until(seen)
    slow_put("slow")
    put("quick")
    until(lambda: ["quick"] in seen(), 1.5)


def a_stream_is_read_by_the_functions_role(world):
    reading = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
    put, seen, read, function = _reader(world, role=world.service_role("lambda", allow(reading)))
    read()
    put("unseen")
    functions = world.client("lambda")

    def refused():
        mapping = functions.list_event_source_mappings(FunctionName=function)["EventSourceMappings"][0]
        return "ListStreams" in mapping.get("LastProcessingResult", "")

    until(refused)
    assert not seen()
