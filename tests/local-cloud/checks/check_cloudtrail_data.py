"""CloudTrail: data events, for trails that ask for them."""

from checks.trails import logging_trail
from checks.world import allow, refused, unique, until

EVERY_OBJECT = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [
    {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]},
]}


def _of(bucket, *names):
    def wanted(one):
        return (one["requestParameters"] or {}).get("bucketName") == bucket and (not names or one["eventName"] in names)
    return wanted


def _names(records):
    return sorted({one["eventName"] for one in records})


def _use(world, bucket):
    s3 = world.client("s3")
    s3.put_object(Bucket=bucket, Key="a/b.txt", Body=b"12345")
    s3.get_object(Bucket=bucket, Key="a/b.txt")["Body"].read()
    s3.head_object(Bucket=bucket, Key="a/b.txt")
    s3.list_objects_v2(Bucket=bucket, Prefix="a/")
    s3.delete_object(Bucket=bucket, Key="a/b.txt")


def objects_are_recorded_as_data(world):
    bucket = unique("bucket")
    with logging_trail(world, basic=[EVERY_OBJECT]) as trail:
        world.client("s3").create_bucket(Bucket=bucket)
        _use(world, bucket)
        until(lambda: trail.records(_of(bucket, "DeleteObject")))
        found = {one["eventName"]: one for one in trail.records(_of(bucket))}
        assert sorted(found) == ["CreateBucket", "DeleteObject", "GetObject", "HeadObject", "ListObjects", "PutObject"], found.keys()
        made, got, listed = found["PutObject"], found["GetObject"], found["ListObjects"]
        assert made["eventCategory"] == "Data" and made["managementEvent"] is False and made["readOnly"] is False, made
        assert made["requestParameters"]["key"] == "a/b.txt" and made["eventSource"] == "s3.amazonaws.com", made
        assert made["resources"][0] == {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/a/b.txt"}, made
        assert made["resources"][1]["ARN"] == f"arn:aws:s3:::{bucket}" and made["resources"][1]["accountId"], made
        assert made["additionalEventData"]["bytesTransferredIn"] >= 5, made
        assert got["readOnly"] is True and got["additionalEventData"]["bytesTransferredOut"] == 5, got
        assert listed["resources"][0]["ARNPrefix"] == f"arn:aws:s3:::{bucket}/a/", listed
        assert found["CreateBucket"]["eventCategory"] == "Management", found["CreateBucket"]


def without_selectors_only_management_is_recorded(world):
    bucket, table = unique("bucket"), unique("table")
    s3, dynamodb = world.client("s3"), world.client("dynamodb")
    with logging_trail(world) as trail:
        s3.create_bucket(Bucket=bucket)
        _use(world, bucket)
        _table(dynamodb, table)
        dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}})
        s3.get_bucket_location(Bucket=bucket)
        s3.put_bucket_policy(Bucket=bucket, Policy='{"Version":"2012-10-17","Statement":[]}')
        s3.list_buckets()
        until(lambda: trail.records(lambda one: one["eventName"] == "ListBuckets"))
        assert _names(trail.records(_of(bucket))) == ["CreateBucket", "GetBucketLocation", "PutBucketPolicy"]
        assert not trail.records(lambda one: one["eventCategory"] != "Management")


def a_selector_names_one_bucket(world):
    wanted, other = unique("wanted"), unique("other")
    basic = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": False, "DataResources": [
        {"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{wanted}/a/"]},
    ]}
    with logging_trail(world, basic=[basic]) as trail:
        for bucket in (other, wanted):
            world.client("s3").create_bucket(Bucket=bucket)
            world.client("s3").put_object(Bucket=bucket, Key="b", Body=b"")
            _use(world, bucket)
        until(lambda: trail.records(_of(wanted, "DeleteObject")))
        assert _names(trail.records(lambda one: True)) == ["DeleteObject", "PutObject"]
        assert {one["requestParameters"]["key"] for one in trail.records(_of(wanted))} == {"a/b.txt"}
        assert not trail.records(_of(other))


def a_trails_own_deliveries_are_in_no_trail(world):
    with logging_trail(world, basic=[EVERY_OBJECT]) as trail:
        world.client("iam").list_roles()
        until(trail.objects)
        world.client("iam").list_users()
        until(lambda: trail.records(lambda one: one["eventName"] == "ListUsers"))
        assert not trail.records(_of(trail.bucket, "PutObject"))


def advanced_selectors_may_leave_a_table_out(world):
    kept, left_out = unique("kept"), unique("left-out")
    dynamodb = world.client("dynamodb")
    for table in (kept, left_out):
        _table(dynamodb, table)
    arn = f"arn:aws:dynamodb:us-east-1:111111111111:table/{left_out}"
    advanced = [{"Name": "tables but one", "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]},
        {"Field": "resources.ARN", "NotStartsWith": [arn]},
    ]}]
    with logging_trail(world, advanced=advanced) as trail:
        for table in (left_out, kept):
            dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}, "secret": {"S": "hidden words"}})
            dynamodb.query(
                TableName=table, KeyConditionExpression="id = :id", ExpressionAttributeValues={":id": {"S": "1"}}
            )
        until(lambda: trail.records(lambda one: one["eventName"] == "Query"))
        found = trail.records(lambda one: True)
        assert {one["eventCategory"] for one in found} == {"Data"}, found
        assert {one["resources"][0]["ARN"] for one in found} == {arn.replace(left_out, kept)}, found
        assert {(one["eventName"], one["readOnly"]) for one in found} == {("PutItem", False), ("Query", True)}, found
        assert "hidden words" not in str(found)


def invoking_a_function_is_data(world):
    function = world.function()
    advanced = [{"FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::Lambda::Function"]},
    ]}]
    with logging_trail(world, advanced=advanced) as trail:
        world.client("lambda").invoke(FunctionName=function, Payload=b"{}")
        world.client("lambda").get_function(FunctionName=function)
        told = until(lambda: trail.records(lambda one: one["eventName"] == "Invoke"))[0]
        assert told["resources"][0]["ARN"].endswith(f":function:{function}"), told
        assert _names(trail.records(lambda one: True)) == ["Invoke"]


def a_refused_read_is_recorded_with_its_object(world):
    bucket = unique("bucket")
    world.client("s3").create_bucket(Bucket=bucket)
    keys, arn = world.user(allow("s3:ListBucket"))
    with logging_trail(world, basic=[EVERY_OBJECT]) as trail:
        refused("AccessDenied", world.client("s3", keys).get_object, Bucket=bucket, Key="secret")
        told = until(lambda: trail.records(_of(bucket, "GetObject")))[0]
        assert told["errorCode"] == "AccessDenied" and told["userIdentity"]["arn"] == arn, told
        assert told["requestParameters"]["key"] == "secret", told


def _table(dynamodb, name):
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
