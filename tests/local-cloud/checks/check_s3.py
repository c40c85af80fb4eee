"""S3 tells EventBridge what was stored."""

import json

from checks.trails import rule
from checks.world import unique, until


def _pattern(bucket):
    return {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [bucket]}}}


def _told(world, url):
    return [json.loads(one["Body"]) for one in world.messages(url)]


def an_object_is_told_to_the_default_bus(world):
    bucket, s3 = unique("bucket"), world.client("s3")
    s3.create_bucket(Bucket=bucket)
    url = rule(world, _pattern(bucket))
    s3.put_object(Bucket=bucket, Key="before", Body=b"")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    s3.put_object(Bucket=bucket, Key="a key/ä+b.json.gz", Body=b"12345")
    told = until(lambda: _told(world, url))
    assert [one["detail"]["object"]["key"] for one in told] == ["a key/ä+b.json.gz"], told
    detail = told[0]["detail"]
    assert detail["object"]["size"] == 5 and detail["object"]["etag"] and detail["object"]["sequencer"], detail
    assert detail["bucket"]["name"] == bucket and detail["reason"] == "PutObject" and detail["requester"], detail
    assert told[0]["account"] == "111111111111" and told[0]["region"] == "us-east-1", told


def the_event_names_the_version(world):
    bucket, s3 = unique("bucket"), world.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    url = rule(world, _pattern(bucket))
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    assert until(lambda: _told(world, url))[0]["detail"]["object"]["version-id"] == version


def cloudformation_turns_it_on(world):
    bucket, cloudformation = unique("bucket"), world.client("cloudformation")
    template = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {
        "BucketName": bucket,
        "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
    }}}}
    cloudformation.create_stack(StackName=bucket, TemplateBody=json.dumps(template))
    until(lambda: cloudformation.describe_stacks(StackName=bucket)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
    url = rule(world, _pattern(bucket))
    world.client("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    until(lambda: _told(world, url))


def what_another_account_stores_is_told_to_the_owner(world):
    bucket, other = unique("bucket"), "444444444444"
    s3 = world.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{other}:root"}, "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }]}))
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    url = rule(world, _pattern(bucket))
    world.client("s3", (other, other, None)).put_object(Bucket=bucket, Key="k", Body=b"1")
    told = until(lambda: _told(world, url))[0]
    assert told["account"] == "111111111111", told
    assert told["detail"]["requester"] == other, told
