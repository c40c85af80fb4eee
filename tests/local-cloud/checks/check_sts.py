"""STS AssumeRole."""

from checks.world import ACCOUNT, ASSUME, allow, policy, refused, trusting, unique


def _pair(world, *statements, condition=None, **more):
    keys, arn = world.user(ASSUME)
    return keys, world.role(trusting(arn, **(condition or {})), *(statements or (allow("*"),)), **more)


def sessions_last_as_long_as_allowed(world):
    keys, role = _pair(world)
    refused("ValidationError", world.assume, keys, role, DurationSeconds=899)
    refused("ValidationError", world.assume, keys, role, DurationSeconds=3_601)
    world.assume(keys, role, DurationSeconds=900)
    _, long = _pair(world, MaxSessionDuration=43_200)
    refused("ValidationError", world.assume, keys, long, DurationSeconds=43_201)


def a_chained_session_lasts_an_hour_at_most(world):
    keys, first = _pair(world)
    second = world.role(trusting(first), MaxSessionDuration=43_200)
    session = world.assume(keys, first)["Credentials"]
    world.assume(session, second, DurationSeconds=3_600)
    refused("ValidationError", world.assume, session, second, DurationSeconds=3_601)


def session_names_are_checked(world):
    keys, role = _pair(world)
    for name in ("a b", "x", "n" * 65, "a/b"):
        refused("ValidationError", world.assume, keys, role, name=name)
    refused("ValidationError", world.assume, keys, role, SourceIdentity="a b")
    world.assume(keys, role, name="req_0123456789abcdef0123456789abcdef")


def source_identity_is_echoed_and_stays(world):
    keys, first = _pair(world)
    answer = world.assume(keys, first, SourceIdentity="req_1")
    assert answer.get("SourceIdentity") == "req_1", answer
    second = world.role(trusting(first))
    assert world.assume(answer["Credentials"], second)["SourceIdentity"] == "req_1"
    refused("AccessDenied", world.assume, answer["Credentials"], second, SourceIdentity="req_2")


def trust_decides_on_source_identity(world):
    keys, role = _pair(world, condition={"StringLike": {"sts:SourceIdentity": "req_*"}})
    world.assume(keys, role, SourceIdentity="req_1")
    refused("AccessDenied", world.assume, keys, role, SourceIdentity="other")
    refused("AccessDenied", world.assume, keys, role)
    keys, arn = world.user(ASSUME)
    silent = world.role(trusting(arn, action=["sts:AssumeRole"]))
    world.assume(keys, silent)
    refused("AccessDenied", world.assume, keys, silent, SourceIdentity="req_1")


def trust_decides_on_transitive_tags(world):
    keys, role = _pair(world, condition={"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["request"]}})
    tags = [{"Key": "request", "Value": "1"}, {"Key": "ticket", "Value": "2"}]
    world.assume(keys, role, Tags=tags, TransitiveTagKeys=["request"])
    refused("AccessDenied", world.assume, keys, role, Tags=tags, TransitiveTagKeys=["request", "ticket"])


def transitive_tags_reach_the_next_session(world):
    keys, first = _pair(world)
    tagged = allow("sqs:ListQueues", Condition={"StringEquals": {"aws:PrincipalTag/team": "a"}})
    second = world.role(trusting(first), tagged)
    tags = [{"Key": "team", "Value": "a"}]
    kept = world.assume(world.assume(keys, first, Tags=tags, TransitiveTagKeys=["team"])["Credentials"], second)
    world.client("sqs", kept["Credentials"]).list_queues()
    lost = world.assume(world.assume(keys, first, Tags=tags)["Credentials"], second)
    refused("AccessDenied", world.client("sqs", lost["Credentials"]).list_queues)


def session_policies_are_bounded_together(world):
    keys, role = _pair(world)
    refused("ValidationError", world.assume, keys, role, Policy=policy(allow([f"s3:{'x' * 50}{n}" for n in range(60)])))
    name = "p" * 100
    arn = world.client("iam").create_policy(PolicyName=name, PolicyDocument=policy(allow("s3:*")))["Policy"]["Arn"]
    filled = policy(allow("s3:" + "x" * (2_040 - len(policy(allow("s3:"))))))
    assert len(filled) == 2_040
    world.assume(keys, role, Policy=filled)
    refused("ValidationError", world.assume, keys, role, Policy=filled, PolicyArns=[{"arn": arn}])


def mfa_opens_a_trust_and_is_not_in_the_session(world):
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    needs_mfa = allow("sqs:ListQueues", Condition=with_mfa)
    keys, arn = world.user(ASSUME)
    role = world.role(trusting(arn, **with_mfa), allow("iam:ListRoles"), needs_mfa)
    iam, name = world.client("iam"), unique("mfa")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
    refused("AccessDenied", world.assume, keys, role)
    refused("AccessDenied", world.assume, keys, role, SerialNumber=serial, TokenCode="123456")
    user = arn.rsplit("/", 1)[-1]
    iam.enable_mfa_device(UserName=user, SerialNumber=serial, AuthenticationCode1="000001", AuthenticationCode2="000002")
    refused("AccessDenied", world.assume, keys, role, SerialNumber=serial, TokenCode="12345")
    session = world.assume(keys, role, SerialNumber=serial, TokenCode="123456")["Credentials"]
    world.client("iam", session).list_roles()
    refused("AccessDenied", world.client("sqs", session).list_queues)
    others, _ = world.user(ASSUME)
    refused("AccessDenied", world.assume, others, role, SerialNumber=serial, TokenCode="123456")
    assert serial == f"arn:aws:iam::{ACCOUNT}:mfa/{name}"
