"""DynamoDB's exports to S3."""

import gzip
import json
import time

from checks.world import unique, until


def _table(world, backups=True):
    dynamodb, table = world.client("dynamodb"), unique("table")
    made = dynamodb.create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    if backups:
        dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    bucket = unique("bucket")
    world.client("s3").create_bucket(Bucket=bucket)
    return dynamodb, table, made["TableDescription"]["TableArn"], bucket


def _lines(world, arn, bucket):
    """Every line of the export's data files, by its own lists."""
    dynamodb, s3 = world.client("dynamodb"), world.client("s3")

    def done():
        found = dynamodb.describe_export(ExportArn=arn)["ExportDescription"]
        return found if found["ExportStatus"] == "COMPLETED" else None

    export = until(done)
    read = lambda key: s3.get_object(Bucket=bucket, Key=key)["Body"].read()  # noqa: E731
    summary = json.loads(read(export["ExportManifest"]))
    files = [json.loads(line) for line in read(summary["manifestFilesS3Key"]).splitlines()]
    lines = [json.loads(line) for file in files for line in gzip.decompress(read(file["dataFileS3Key"])).splitlines()]
    assert len(lines) == export["ItemCount"] == sum(file["itemCount"] for file in files), export
    return lines


def a_full_export_has_every_item_as_it_is(world):
    dynamodb, table, arn, bucket = _table(world)
    items = [{"pk": {"S": "a"}, "sk": {"S": str(n)}, "event": {"B": b"\x00\xff"}, "words": {"M": {"h": {"S": "t"}}}} for n in range(9)]
    for item in items:
        dynamodb.put_item(TableName=table, Item=item)
    export = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, S3Prefix="some", ExportFormat="DYNAMODB_JSON")
    lines = _lines(world, export["ExportDescription"]["ExportArn"], bucket)
    assert sorted(line["Item"]["sk"]["S"] for line in lines) == [str(n) for n in range(9)], lines
    assert all(line["Item"]["event"] == {"B": "AP8="} and line["Item"]["words"]["M"] for line in lines), lines


def an_incremental_export_has_what_changed(world):
    dynamodb, table, arn, bucket = _table(world)
    key = {"pk": {"S": "a"}, "sk": {"S": "1"}}
    dynamodb.put_item(TableName=table, Item=key | {"n": {"N": "1"}})
    dynamodb.put_item(TableName=table, Item=key | {"n": {"N": "2"}})
    gone = {"pk": {"S": "a"}, "sk": {"S": "2"}}
    dynamodb.put_item(TableName=table, Item=gone)
    dynamodb.delete_item(TableName=table, Key=gone)
    now = time.time()
    export = dynamodb.export_table_to_point_in_time(
        TableArn=arn, S3Bucket=bucket, ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification={"ExportFromTime": now - 1_000, "ExportToTime": now + 5},
    )
    lines = {line["Keys"]["sk"]["S"]: line for line in _lines(world, export["ExportDescription"]["ExportArn"], bucket)}
    assert lines["1"]["NewImage"]["n"] == {"N": "2"} and "NewImage" not in lines["2"], lines


def without_continuous_backups_there_is_no_export(world):
    dynamodb, _, arn, bucket = _table(world, backups=False)
    try:
        dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket)
    except dynamodb.exceptions.PointInTimeRecoveryUnavailableException:
        return
    raise AssertionError("an export was started")
