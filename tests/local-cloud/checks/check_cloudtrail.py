"""CloudTrail: who an event names, and log files."""

import json

from checks.trails import logging_trail, looked_up
from checks.world import ASSUME, allow, refused, trusting, unique, until

OTHER = "444444444444"


def _looked_up(world, name, user):
    return [json.loads(one["CloudTrailEvent"]) for one in looked_up(world, "Username", user) if one["EventName"] == name]


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


def a_role_entered_from_elsewhere_is_told_to_both_accounts(world):
    keys, arn = world.user(ASSUME)
    there, name = world.client("iam", (OTHER, OTHER, None)), unique("role")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trusting(arn)]})
    role = there.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    world.assume(keys, role, unique("req"))

    def told(keys):
        found = [json.loads(one["CloudTrailEvent"]) for one in looked_up(world, "EventName", "AssumeRole", keys)]
        return [one for one in found if one["requestParameters"]["roleArn"] == role]

    here, other = until(lambda: told(None))[0], until(lambda: told((OTHER, OTHER, None)))[0]
    assert here["recipientAccountId"] == "111111111111" and here["userIdentity"]["arn"] == arn, here
    assert other["recipientAccountId"] == OTHER and other["userIdentity"]["type"] == "AWSAccount", other
    assert other["userIdentity"]["accountId"] == "111111111111" and other["sharedEventID"] == here["sharedEventID"], other
    assert here["eventID"] != other["eventID"]


def new_credentials_are_named_without_their_secret(world):
    keys, arn = world.user(allow("sts:GetSessionToken"))
    user = arn.rsplit("/", 1)[-1]
    session = world.client("sts", keys).get_session_token()["Credentials"]
    token = until(lambda: _looked_up(world, "GetSessionToken", user))[0]
    assert token["responseElements"]["credentials"]["accessKeyId"] == session["AccessKeyId"], token
    made = [json.loads(one["CloudTrailEvent"]) for one in looked_up(world, "EventName", "CreateAccessKey")]
    key = next(one for one in made if one["requestParameters"]["userName"] == user)
    assert key["responseElements"]["accessKey"]["accessKeyId"] == keys[0], key
    assert session["SecretAccessKey"] not in str(token) and session["SessionToken"] not in str(token)
    assert keys[1] not in str(key), key


def parameters_are_as_aws_writes_them(world):
    keys, arn = world.user(ASSUME, allow(["lambda:*", "scheduler:*"]))
    role, name, user = world.role(trusting(arn)), unique("req"), arn.rsplit("/", 1)[-1]
    world.assume(keys, role, name, DurationSeconds=900, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    asked = until(lambda: _looked_up(world, "AssumeRole", user))[0]["requestParameters"]
    assert asked["tags"] == [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}] and asked["durationSeconds"] == 900, asked
    refused("ResourceNotFoundException", world.client("lambda", keys).get_function, FunctionName="nobody's")
    told = until(lambda: _looked_up(world, "GetFunction20150331v2", user))[0]
    assert told["requestParameters"]["functionName"] == "nobody's" and told["errorCode"] == "ResourceNotFoundException", told
    refused("ResourceNotFoundException", world.client("scheduler", keys).delete_schedule, Name="none")
    assert until(lambda: _looked_up(world, "DeleteSchedule", user))[0]["requestParameters"]["name"] == "none"


def log_reads_are_management_and_log_writes_are_not_recorded(world):
    keys, arn = world.user(allow("logs:*"))
    logs, group = world.client("logs", keys), unique("group")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[])
    logs.filter_log_events(logGroupName=group)
    found = [one["EventName"] for one in looked_up(world, "Username", arn.rsplit("/", 1)[-1])]
    assert found == ["FilterLogEvents", "CreateLogStream", "CreateLogGroup"], found


def _from_elsewhere(request, **_):
    request.headers["X-Forwarded-For"] = "203.0.113.9"


def a_call_may_say_where_it_is_from(world):
    keys, arn = world.user(allow("iam:ListRoles"))
    iam, user = world.client("iam", keys), arn.rsplit("/", 1)[-1]
    iam.meta.events.register("before-send", _from_elsewhere)
    iam.list_roles()
    assert until(lambda: _looked_up(world, "ListRoles", user))[0]["sourceIPAddress"] == "203.0.113.9"


def log_files_reach_the_bucket(world):
    group = unique("group")
    with logging_trail(world) as trail:
        world.client("scheduler").create_schedule_group(Name=group)
        until(lambda: trail.records(lambda one: one["eventName"] == "CreateScheduleGroup"))
        key = trail.objects()[0]
        assert key.startswith("AWSLogs/111111111111/CloudTrail/us-east-1/") and key.endswith(".json.gz"), key


def the_bucket_may_be_another_accounts(world):
    bucket, name, keys = unique("bucket"), unique("trail"), (OTHER, OTHER, None)
    world.client("s3").create_bucket(Bucket=bucket)
    cloudtrail = world.client("cloudtrail", keys)
    cloudtrail.create_trail(Name=name, S3BucketName=bucket, S3KeyPrefix="org")
    cloudtrail.start_logging(Name=name)
    world.client("iam", keys).list_roles()
    s3 = world.client("s3")
    try:
        listed = until(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"))
        assert listed[0]["Key"].startswith(f"org/AWSLogs/{OTHER}/CloudTrail/us-east-1/"), listed
    finally:
        cloudtrail.delete_trail(Name=name)


def stopping_a_trail_is_its_last_record(world):
    with logging_trail(world) as trail:
        cloudtrail = world.client("cloudtrail")
        cloudtrail.stop_logging(Name=trail.name)
        world.client("iam").list_groups()
        told = until(lambda: trail.records(lambda one: one["eventName"] == "StopLogging"))[0]
        assert told["requestParameters"]["name"] == trail.name and told["readOnly"] is False, told
        assert not trail.records(lambda one: one["eventName"] == "ListGroups")


def a_trail_tells_what_it_is(world):
    cloudtrail = world.client("cloudtrail")
    with logging_trail(world, EnableLogFileValidation=True) as trail:
        got = cloudtrail.get_trail(Name=trail.name)["Trail"]
        assert got["S3BucketName"] == trail.bucket and got["LogFileValidationEnabled"] and got["IsMultiRegionTrail"], got
        assert got in cloudtrail.describe_trails()["trailList"]
        assert cloudtrail.get_trail_status(Name=got["TrailARN"])["IsLogging"] is True
        chosen = cloudtrail.get_event_selectors(TrailName=trail.name)["EventSelectors"]
        assert chosen[0]["IncludeManagementEvents"] and chosen[0]["DataResources"] == [], chosen
        cloudtrail.stop_logging(Name=trail.name)
        assert cloudtrail.get_trail_status(Name=trail.name)["IsLogging"] is False


def what_a_trail_is_has_to_be_allowed(world):
    with logging_trail(world) as trail:
        keys, _ = world.user()
        nobody = world.client("cloudtrail", keys)
        for call, named in (
            (nobody.get_trail, {"Name": trail.name}), (nobody.describe_trails, {}),
            (nobody.get_trail_status, {"Name": trail.name}), (nobody.get_event_selectors, {"TrailName": trail.name}),
            (nobody.list_public_keys, {}), (nobody.lookup_events, {}),
        ):
            refused("AccessDenied", call, **named)
        arn = f"arn:aws:cloudtrail:us-east-1:111111111111:trail/{trail.name}"
        keys, _ = world.user(allow(["cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"], arn))
        somebody = world.client("cloudtrail", keys)
        somebody.get_trail(Name=trail.name)
        somebody.get_trail_status(Name=trail.name)
        somebody.get_event_selectors(TrailName=trail.name)
        refused("AccessDenied", somebody.get_trail, Name="another")
