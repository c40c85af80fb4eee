"""IAM: what may be asked for in a policy's conditions, what else is needed, quotas and refusals."""

import datetime
import time

from checks.world import ACCOUNT, ASSUME, allow, deny, policy, refused, trusting, unique, until

NOBODY = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def _boundary(world) -> str:
    made = world.client("iam").create_policy(PolicyName=unique("boundary"), PolicyDocument=policy(allow("s3:*")))
    return made["Policy"]["Arn"]


def a_role_can_be_made_only_with_the_boundary(world):
    boundary, other = _boundary(world), _boundary(world)
    condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    keys, _ = world.user(allow(["iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy"], Condition=condition))
    iam, call = world.client("iam", keys), {"AssumeRolePolicyDocument": policy(NOBODY)}
    refused("AccessDenied", iam.create_role, RoleName=unique("r"), **call)
    refused("AccessDenied", iam.create_role, RoleName=unique("r"), PermissionsBoundary=other, **call)
    name = unique("r")
    iam.create_role(RoleName=name, PermissionsBoundary=boundary, **call)
    document = policy(allow("s3:GetObject"))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    bare = world.role(NOBODY).rsplit("/", 1)[-1]
    refused("AccessDenied", iam.put_role_policy, RoleName=bare, PolicyName="p", PolicyDocument=document)
    world.client("iam").put_role_policy(RoleName=bare, PolicyName="p", PolicyDocument=document)
    refused("AccessDenied", iam.delete_role_policy, RoleName=bare, PolicyName="p")


def only_the_named_policy_can_be_attached(world):
    one, other = _boundary(world), _boundary(world)
    keys, _ = world.user(allow("iam:AttachRolePolicy", Condition={"ArnEquals": {"iam:PolicyARN": one}}))
    role = world.role(NOBODY).rsplit("/", 1)[-1]
    world.client("iam", keys).attach_role_policy(RoleName=role, PolicyArn=one)
    refused("AccessDenied", world.client("iam", keys).attach_role_policy, RoleName=role, PolicyArn=other)


def only_a_tagged_policy_can_be_changed(world):
    iam, document = world.client("iam"), policy(allow("s3:GetObject"))
    tags = [{"Key": "countersign:managed", "Value": "true"}]
    ours = iam.create_policy(PolicyName=unique("p"), PolicyDocument=document, Tags=tags)["Policy"]["Arn"]
    condition = {"StringEquals": {"aws:ResourceTag/countersign:managed": "true"}}
    keys, _ = world.user(allow(["iam:CreatePolicyVersion", "iam:DeletePolicy"], Condition=condition))
    call = world.client("iam", keys)
    call.create_policy_version(PolicyArn=ours, PolicyDocument=document)
    refused("AccessDenied", call.create_policy_version, PolicyArn=_boundary(world), PolicyDocument=document)
    iam.delete_policy_version(PolicyArn=ours, VersionId="v2")
    call.delete_policy(PolicyArn=ours)
    # What is gone has no tags.
    refused("AccessDenied", call.delete_policy, PolicyArn=ours)


def leading_keys_bound_every_kind_of_call(world):
    table = unique("table")
    world.client("dynamodb").create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["REQ#*"]}, "Null": {"dynamodb:LeadingKeys": "false"}}
    keys, _ = world.user(allow("dynamodb:*", Condition=condition))
    dynamodb = world.client("dynamodb", keys)

    def item(pk):
        return {"pk": {"S": pk}, "sk": {"S": "STATE"}}

    def query(pk):
        values = {":pk": {"S": pk}}
        return dynamodb.query(TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values)

    def transact(*pks):
        return dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": item(pk)}} for pk in pks])

    dynamodb.put_item(TableName=table, Item=item("REQ#1"))
    refused("AccessDenied", dynamodb.put_item, TableName=table, Item=item("POLICY"))
    dynamodb.get_item(TableName=table, Key=item("REQ#1"))
    refused("AccessDenied", dynamodb.get_item, TableName=table, Key=item("POLICY"))
    query("REQ#1")
    refused("AccessDenied", query, "POLICY")
    transact("REQ#1", "REQ#2")
    refused("AccessDenied", transact, "REQ#1", "POLICY")
    refused("AccessDenied", dynamodb.scan, TableName=table)


def passing_a_role_needs_pass_role_for_that_service(world):
    role = world.service_role("scheduler")
    target = {"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", "RoleArn": role, "Input": "{}"}

    def schedule(keys):
        return world.client("scheduler", keys).create_schedule(
            Name=unique("s"), ScheduleExpression="at(2099-01-01T00:00:00)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
        )

    def passing(service):
        return allow("iam:PassRole", role, Condition={"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}})

    refused("AccessDenied", schedule, world.user(allow("scheduler:*"))[0])
    refused("AccessDenied", schedule, world.user(allow("scheduler:*"), passing("lambda"))[0])
    schedule(world.user(allow("scheduler:*"), passing("scheduler"))[0])


def making_a_tagged_role_needs_tag_role(world):
    call = {"AssumeRolePolicyDocument": policy(NOBODY), "Tags": [{"Key": "countersign:managed", "Value": "true"}]}
    without = world.client("iam", world.user(allow("iam:CreateRole"))[0])
    refused("AccessDenied", without.create_role, RoleName=unique("r"), **call)
    with_it = world.client("iam", world.user(allow(["iam:CreateRole", "iam:TagRole"]))[0])
    with_it.create_role(RoleName=unique("r"), **call)


def setting_identity_and_tags_needs_the_callers_rights_too(world):
    keys, arn = world.user(allow("sts:AssumeRole"))
    role = world.role(trusting(arn))
    world.assume(keys, role)
    refused("AccessDenied", world.assume, keys, role, SourceIdentity="someone")
    refused("AccessDenied", world.assume, keys, role, Tags=[{"Key": "a", "Value": "b"}])


def principal_arn_of_a_session_is_its_roles(world):
    keys, arn = world.user(ASSUME)
    name = unique("role")
    full = f"arn:aws:iam::{ACCOUNT}:role/some/path/{name}"
    role = world.role(
        trusting(arn), allow("sqs:ListQueues", Condition={"ArnEquals": {"aws:PrincipalArn": full}}), name=name, Path="/some/path/"
    )
    world.client("sqs", world.assume(keys, role)["Credentials"]).list_queues()
    refused("AccessDenied", world.assume, keys, role.replace("/some/path/", "/"))


def paths_and_groups_are_part_of_the_resource(world):
    role = f"arn:aws:iam::{ACCOUNT}:role/ours/*"
    seal = {"Effect": "Deny", "Action": "iam:Create*", "NotResource": role}
    keys, _ = world.user(allow(["iam:CreateRole", "iam:GetRole"], role), seal)
    iam, call = world.client("iam", keys), {"AssumeRolePolicyDocument": policy(NOBODY)}
    name, other = unique("role"), unique("role")
    iam.create_role(RoleName=name, Path="/ours/", **call)
    iam.get_role(RoleName=name)
    refused("AccessDenied", iam.create_role, RoleName=other, **call)
    refused("AccessDenied", iam.create_role, RoleName=other, Path="/theirs/", **call)
    world.role(NOBODY, name=other)
    refused("AccessDenied", iam.get_role, RoleName=other)
    group, execution = unique("group"), world.service_role("scheduler")
    world.client("scheduler").create_schedule_group(Name=group)
    schedules = allow("scheduler:*", f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/{group}/req_*")
    scheduler = world.client("scheduler", world.user(schedules, allow("iam:PassRole", execution))[0])
    target = {"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", "RoleArn": execution, "Input": "{}"}
    made = {"ScheduleExpression": "at(2099-01-01T00:00:00)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    scheduler.create_schedule(Name="req_1", GroupName=group, **made)
    scheduler.get_schedule(Name="req_1", GroupName=group)
    scheduler.delete_schedule(Name="req_1", GroupName=group)
    refused("AccessDenied", scheduler.create_schedule, Name="other", GroupName=group, **made)
    refused("AccessDenied", scheduler.create_schedule, Name="req_1", **made)


def variables_stand_for_the_callers_values(world):
    iam, mine, tagged = world.client("iam"), unique("user"), unique("table")
    keys, arn = world.user(
        allow("iam:ListAccessKeys", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"), ASSUME,
    )
    iam.create_user(UserName=mine)
    own = world.client("iam", keys)
    own.list_access_keys(UserName=arn.rsplit("/", 1)[-1])
    refused("AccessDenied", own.list_access_keys, UserName=mine)
    condition = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
    role = world.role(trusting(arn, **condition))
    world.assume(keys, role, name=arn.rsplit("/", 1)[-1])
    refused("AccessDenied", world.assume, keys, role, name=tagged)


def a_session_is_denied_by_its_source_identity(world):
    keys, arn = world.user(ASSUME)
    role = world.role(trusting(arn), allow("sqs:*"))
    sessions = {name: world.client("sqs", world.assume(keys, role, SourceIdentity=name)["Credentials"]) for name in ("req_a", "req_b")}
    for session in sessions.values():
        session.list_queues()
    document = policy(deny("*", Condition={"StringEquals": {"aws:SourceIdentity": "req_a"}}))
    world.client("iam").put_role_policy(RoleName=role.rsplit("/", 1)[-1], PolicyName="kill", PolicyDocument=document)
    refused("AccessDenied", sessions["req_a"].list_queues)
    sessions["req_b"].list_queues()


def a_session_is_denied_by_its_user_id(world):
    keys, arn = world.user(ASSUME)
    role = world.role(trusting(arn), allow("sqs:*"), deny("*", Condition={"StringLike": {"aws:userid": "*:req_a"}}))
    refused("AccessDenied", world.client("sqs", world.assume(keys, role, "req_a")["Credentials"]).list_queues)
    world.client("sqs", world.assume(keys, role, "req_b")["Credentials"]).list_queues()


def a_window_ends_to_the_second(world):
    keys, arn = world.user(ASSUME)
    role = world.role(trusting(arn), allow("sqs:*"))
    over = int(time.time()) + 2
    end = datetime.datetime.fromtimestamp(over, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    window = policy(
        allow("sqs:ListQueues", Condition={"DateLessThan": {"aws:CurrentTime": end}}),
        deny("*", Condition={"DateGreaterThanEquals": {"aws:CurrentTime": end}}),
    )
    session = world.client("sqs", world.assume(keys, role, Policy=window)["Credentials"])
    session.list_queues()
    until(lambda: time.time() >= over)
    refused("AccessDenied", session.list_queues)


def quotas_of_policies(world):
    iam, role = world.client("iam"), world.role(NOBODY).rsplit("/", 1)[-1]
    refused("NoSuchEntity", iam.attach_role_policy, RoleName=role, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/none")
    refused("NoSuchEntity", iam.detach_role_policy, RoleName=role, PolicyArn=_boundary(world))
    for _ in range(10):
        iam.attach_role_policy(RoleName=role, PolicyArn=_boundary(world))
    refused("LimitExceeded", iam.attach_role_policy, RoleName=role, PolicyArn=_boundary(world))
    large = policy(allow([f"s3:{'x' * 50}{number}" for number in range(120)]))
    assert 6_144 < len(large) < 10_240
    refused("LimitExceeded", iam.create_policy, PolicyName=unique("large"), PolicyDocument=large)
    iam.put_role_policy(RoleName=role, PolicyName="one", PolicyDocument=large)
    refused("LimitExceeded", iam.put_role_policy, RoleName=role, PolicyName="two", PolicyDocument=large)
    refused("MalformedPolicyDocument", iam.put_role_policy, RoleName=role, PolicyName="bad", PolicyDocument="{}")


def refusals_of_roles(world):
    iam, name, trust = world.client("iam"), unique("role"), policy(NOBODY)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    refused("EntityAlreadyExists", iam.create_role, RoleName=name.upper(), AssumeRolePolicyDocument=trust)
    refused("ValidationError", iam.create_role, RoleName="n" * 65, AssumeRolePolicyDocument=trust)
    refused("MalformedPolicyDocument", iam.create_role, RoleName=unique("r"), AssumeRolePolicyDocument="{bad")
    ghost = policy(trusting(f"arn:aws:iam::{ACCOUNT}:user/nobody-of-this-name"))
    refused("MalformedPolicyDocument", iam.create_role, RoleName=unique("r"), AssumeRolePolicyDocument=ghost)
    refused("MalformedPolicyDocument", iam.update_assume_role_policy, RoleName=name, PolicyDocument=ghost)
    long = {"RoleName": unique("r"), "AssumeRolePolicyDocument": trust, "MaxSessionDuration": 43_201}
    refused("ValidationError", iam.create_role, **long)
