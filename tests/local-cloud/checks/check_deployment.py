"""The trails that the local deployment makes before Countersign is there."""

import json

import trail
from checks.trails import Trail, rule
from checks.world import ACCOUNT, REGION, unique, until

OTHER = "444444444444"


def every_accounts_trail_delivers_into_one_bucket(world):
    def client(service, account=None):
        return world.client(service, *([(account, account, None)] if account else []))

    tables = {ACCOUNT: unique("orders"), OTHER: unique("invoices")}
    own, bucket = unique("countersign"), unique("bucket")
    told_of = rule(world, {"source": ["aws.s3"], "detail": {"bucket": {"name": [trail.BUCKET]}}})
    for _ in range(2):
        # As after a change: the second time changes nothing.
        trail.deliver(client, ACCOUNT, tables, REGION, ["artifacts"])
    delivered = Trail(world, trail.NAME, trail.BUCKET)
    try:
        for account, table in [*tables.items(), (ACCOUNT, own)]:
            dynamodb = client("dynamodb", account)
            dynamodb.create_table(
                TableName=table, BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            )
            dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}})
        client("s3").create_bucket(Bucket=bucket)
        client("s3").put_object(Bucket=bucket, Key="k", Body=b"")
        client("s3").list_objects_v2(Bucket=trail.BUCKET)
        until(lambda: delivered.records(lambda one: one["eventSource"] == "s3.amazonaws.com" and one["eventCategory"] == "Data"))
        data = delivered.records(lambda one: one["eventCategory"] == "Data")
        assert sorted(one["resources"][0]["ARN"] for one in data) == sorted([
            *(f"arn:aws:dynamodb:{REGION}:{account}:table/{table}" for account, table in tables.items()),
            f"arn:aws:s3:::{bucket}/k",
        ]), data
        keys = [json.loads(one["Body"])["detail"]["object"]["key"] for one in world.messages(told_of)]
        for account in tables:
            assert any(key.startswith(f"AWSLogs/{account}/CloudTrail/") for key in keys), keys
            assert client("cloudtrail", account).get_trail(Name=trail.NAME)["Trail"]["LogFileValidationEnabled"]
    finally:
        for account in tables:
            client("cloudtrail", account).delete_trail(Name=trail.NAME)
