"""CloudTrail's events on the default bus, and which rules get them."""

import json
import time

from checks.trails import logging_trail, rule
from checks.world import unique, until

ALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
SERVICE = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def _pattern(**detail):
    return {"detail-type": ["AWS API Call via CloudTrail"], "detail": detail}


def _told(world, url):
    return [json.loads(one["Body"]) for one in world.messages(url)]


def changes_reach_every_rule(world):
    name = unique("role")
    urls = [rule(world, _pattern(requestParameters={"roleName": [name]}), state) for state in ("ENABLED", ALL)]
    with logging_trail(world):
        world.role(SERVICE, name=name)
        for url in urls:
            told = until(lambda: _told(world, url))[0]  # noqa: B023  (called at once)
            assert told["detail"]["eventName"] == "CreateRole" and told["source"] == "aws.iam", told


def reads_reach_only_rules_that_ask_for_them(world):
    name = unique("role")
    world.role(SERVICE, name=name)
    pattern = _pattern(requestParameters={"roleName": [name]})
    plain, asking = rule(world, pattern), rule(world, pattern, ALL)
    with logging_trail(world):
        world.client("iam").get_role(RoleName=name)
        told = until(lambda: _told(world, asking))[0]["detail"]
        assert told["eventName"] == "GetRole" and told["readOnly"] is True, told
        world.client("iam").update_role(RoleName=name, Description="changed")
        assert [one["detail"]["eventName"] for one in until(lambda: _told(world, plain))] == ["UpdateRole"]


def without_a_trail_that_logs_nothing_is_sent(world):
    before, after = unique("role"), unique("role")
    url = rule(world, _pattern(requestParameters={"roleName": [before, after]}))
    world.role(SERVICE, name=before)
    with logging_trail(world):
        world.role(SERVICE, name=after)
        told = until(lambda: _told(world, url))
        assert [one["detail"]["requestParameters"]["roleName"] for one in told] == [after], told


def data_events_are_sent_if_a_trail_asks_for_them(world):
    bucket, s3 = unique("bucket"), world.client("s3")
    s3.create_bucket(Bucket=bucket)
    url = rule(world, _pattern(requestParameters={"bucketName": [bucket]}))
    with logging_trail(world):
        s3.put_object(Bucket=bucket, Key="unseen", Body=b"")
    basic = [{"ReadWriteType": "All", "DataResources": [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{bucket}/"]}]}]
    with logging_trail(world, basic=basic):
        s3.put_object(Bucket=bucket, Key="seen", Body=b"")
        told = until(lambda: _told(world, url))
        assert [one["detail"]["requestParameters"]["key"] for one in told] == ["seen"], told


def events_over_256_kb_are_not_sent(world):
    small, large = unique("role"), unique("role")
    url = rule(world, _pattern(requestParameters={"roleName": [small, large]}))
    with logging_trail(world) as trail:
        # Long enough for the event, whatever IAM says to it.
        try:
            world.role(SERVICE, name=large, Description="x" * 270_000)
        except Exception:  # noqa: BLE001, S110  (the description is too long: the refusal is recorded too)
            pass
        world.role(SERVICE, name=small)
        told = until(lambda: _told(world, url))
        assert [one["detail"]["requestParameters"]["roleName"] for one in told] == [small]
        until(lambda: trail.records(lambda one: (one["requestParameters"] or {}).get("roleName") == large))


def patterns_have_or_prefix_wildcard_and_exists(world):
    name = unique("role")
    arn = {"detail": {"userIdentity": {"arn": [{"wildcard": "arn:aws:iam::*:root"}]}}}
    matching = {
        "source": [{"prefix": "aws."}],
        "$or": [
            {"detail": {"requestParameters": {"roleName": [{"prefix": name}]}}},
            {"detail": {"userIdentity": {"sessionContext": {"sourceIdentity": [{"exists": True}]}}}},
        ],
    }
    other = matching | {"detail": arn["detail"] | {"errorCode": [{"exists": True}]}}
    hit, miss = rule(world, matching), rule(world, other)
    with logging_trail(world):
        world.role(SERVICE, name=name)
        until(lambda: _told(world, hit))
        time.sleep(0.3)
        assert not _told(world, miss)


def the_state_survives_cloudformation(world):
    cloudformation, name = world.client("cloudformation"), unique("rule")
    template = {"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {
        "Name": name, "State": ALL, "EventPattern": _pattern(eventName=["GetRole"]),
    }}}}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    described = until(lambda: [one for one in world.client("events").list_rules(NamePrefix=name)["Rules"]])
    assert described[0]["State"] == ALL, described
