"""CloudTrail's event history: LookupEvents."""

import datetime
import json

from checks.trails import looked_up
from checks.world import allow, refused, unique, until


def _names(events):
    return [one["EventName"] for one in events]


def management_events_newest_first_by_each_attribute(world):
    name = unique("role")
    keys, arn = world.user(allow("iam:*"), allow("s3:*"))
    user, iam, bucket = arn.rsplit("/", 1)[-1], world.client("iam", keys), unique("bucket")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]}))
    iam.get_role(RoleName=name)
    world.client("s3", keys).create_bucket(Bucket=bucket)
    world.client("s3", keys).put_object(Bucket=bucket, Key="k", Body=b"")
    found = looked_up(world, "Username", user)
    assert _names(found) == ["CreateBucket", "GetRole", "CreateRole"], _names(found)
    assert _names(looked_up(world, "AccessKeyId", keys[0])) == _names(found)
    assert _names(looked_up(world, "EventId", found[1]["EventId"])) == ["GetRole"]
    assert _names(looked_up(world, "ResourceName", name)) == ["GetRole", "CreateRole"]
    assert found[0]["EventId"] in [one["EventId"] for one in looked_up(world, "EventName", "CreateBucket")]
    reads = looked_up(world, "ReadOnly", "true", StartTime=found[2]["EventTime"])
    assert found[1]["EventId"] in [one["EventId"] for one in reads]
    assert found[2]["EventId"] not in [one["EventId"] for one in reads]
    assert {one["EventSource"] for one in looked_up(world, "EventSource", "s3.amazonaws.com")} == {"s3.amazonaws.com"}


def times_bound_it(world):
    keys, arn = world.user(allow("iam:ListRoles"))
    world.client("iam", keys).list_roles()
    user, hour = arn.rsplit("/", 1)[-1], datetime.timedelta(hours=1)
    now = until(lambda: looked_up(world, "Username", user))[0]["EventTime"]
    assert len(looked_up(world, "Username", user, StartTime=now, EndTime=now)) == 1
    assert not looked_up(world, "Username", user, StartTime=now + hour)
    assert not looked_up(world, "Username", user, EndTime=now - hour)


def pages_hold_fifty_and_miss_nothing(world):
    keys, arn = world.user(allow("iam:GetUser"))
    iam, user = world.client("iam", keys), arn.rsplit("/", 1)[-1]
    for _ in range(120):
        iam.get_user(UserName=user)
    client = world.client("cloudtrail")
    question = {"LookupAttributes": [{"AttributeKey": "Username", "AttributeValue": user}]}
    first = until(lambda: _unthrottled(client, **question))
    assert len(first["Events"]) == 50 and first["NextToken"], len(first["Events"])
    # What happens meanwhile moves no page.
    iam.get_user(UserName=user)
    second = until(lambda: _unthrottled(client, NextToken=first["NextToken"], **question))
    third = until(lambda: _unthrottled(client, NextToken=second["NextToken"], **question))
    ids = [one["EventId"] for page in (first, second, third) for one in page["Events"]]
    assert len(ids) == len(set(ids)) == 120 and "NextToken" not in third, len(ids)
    other = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "GetUser"}]}
    until(lambda: _unthrottled(client, wanted="InvalidNextTokenException", NextToken=first["NextToken"], **other))


def the_third_call_in_a_second_is_throttled(world):
    client = world.client("cloudtrail", ("555555555555", "555555555555", None))
    client.lookup_events()
    client.lookup_events()
    refused("ThrottlingException", client.lookup_events)
    until(lambda: _unthrottled(client))


def it_needs_no_trail_but_a_permission(world):
    keys, arn = world.user(allow("cloudtrail:LookupEvents"))
    assert looked_up(world, "Username", arn.rsplit("/", 1)[-1], keys) == []
    keys, _ = world.user(allow("cloudtrail:DescribeTrails"))
    refused("AccessDenied", world.client("cloudtrail", keys).lookup_events)


def _unthrottled(client, wanted=None, **question):
    """The answer, or nothing if it is too early; with `wanted`, whether it was refused with that code."""
    try:
        answer = client.lookup_events(**question)
    except client.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ThrottlingException":
            return None
        assert code == wanted, code
        return True
    assert not wanted, "not refused"
    return answer
