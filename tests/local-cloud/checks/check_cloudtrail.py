"""CloudTrail."""

import gzip
import json

from checks.world import ASSUME, allow, refused, trusting, unique, until


def _looked_up(world, name, user):
    answer = world.client("cloudtrail").lookup_events(LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": user}])
    return [json.loads(one["CloudTrailEvent"]) for one in answer["Events"] if one["EventName"] == name]


def a_user_is_named(world):
    keys, arn = world.user(allow("iam:ListRoles"))
    world.client("iam", keys).list_roles()
    identity = until(lambda: _looked_up(world, "ListRoles", arn.rsplit("/", 1)[-1]))[0]["userIdentity"]
    assert identity["type"] == "IAMUser" and identity["arn"] == arn, identity


def a_session_is_named_by_role_name_and_source(world):
    keys, arn = world.user(ASSUME)
    role, name = world.role(trusting(arn), allow("iam:ListRoles")), unique("req")
    world.client("iam", world.assume(keys, role, name, SourceIdentity=name)["Credentials"]).list_roles()
    identity = until(lambda: _looked_up(world, "ListRoles", name))[0]["userIdentity"]
    context = identity["sessionContext"]
    assert identity["type"] == "AssumedRole" and identity["principalId"].endswith(f":{name}"), identity
    assert context["sourceIdentity"] == name and context["sessionIssuer"]["arn"] == role, context


def assume_role_and_refusals_are_recorded(world):
    keys, arn = world.user(ASSUME)
    user, role = arn.rsplit("/", 1)[-1], world.role(trusting(arn))
    world.assume(keys, role, SourceIdentity="req_1")
    made = until(lambda: _looked_up(world, "AssumeRole", user))[0]
    assert made["responseElements"]["sourceIdentity"] == "req_1" and made["requestParameters"]["sourceIdentity"] == "req_1", made
    refused("AccessDenied", world.client("iam", keys).list_users)
    assert until(lambda: _looked_up(world, "ListUsers", user))[0]["errorCode"].startswith("AccessDenied")


def changes_reach_the_default_bus(world):
    url, arn = world.queue()
    events, rule, name = world.client("events"), unique("rule"), unique("role")
    pattern = {"detail-type": ["AWS API Call via CloudTrail"], "detail": {"requestParameters": {"roleName": [name]}}}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": arn}])
    world.role({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}, name=name)
    told = json.loads(until(lambda: world.messages(url))[0]["Body"])
    assert told["detail"]["eventName"] == "CreateRole" and told["source"] == "aws.iam", told


def log_files_reach_the_bucket(world):
    s3, trail, bucket, group = world.client("s3"), unique("trail"), unique("bucket"), unique("group")
    s3.create_bucket(Bucket=bucket)
    world.client("cloudtrail").create_trail(Name=trail, S3BucketName=bucket)
    world.client("cloudtrail").start_logging(Name=trail)
    world.client("scheduler").create_schedule_group(Name=group)

    def delivered():
        for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            records = json.loads(gzip.decompress(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()))["Records"]
            if any(record["eventName"] == "CreateScheduleGroup" for record in records):
                return one["Key"]
        return None

    key = until(delivered)
    assert key.startswith("AWSLogs/111111111111/CloudTrail/us-east-1/") and key.endswith(".json.gz"), key
