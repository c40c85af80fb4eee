"""IAM's simulator: it says what a real call is answered with."""

from checks.world import ACCOUNT, ASSUME, REGION, allow, deny, policy, refused, trusting, unique

NOBODY = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table"


def _ask(world, source, actions, resources=None, keys=None, **more):
    """Decisions by action and resource, over all pages."""
    entries = [
        {"ContextKeyName": name, "ContextKeyType": "stringList" if isinstance(value, list) else "string",
         "ContextKeyValues": value if isinstance(value, list) else [value]}
        for name, value in (keys or {}).items()
    ]
    pages = world.client("iam").get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=source, ActionNames=actions, ResourceArns=resources or ["*"], ContextEntries=entries, **more
    )
    results = [result for page in pages for result in page["EvaluationResults"]]
    return {(one["EvalActionName"], one["EvalResourceName"]): one["EvalDecision"] for one in results}


def each_action_is_decided_on_each_resource(world):
    role = world.role(
        NOBODY, allow("dynamodb:*", f"{TABLE}/a*"), deny("dynamodb:DeleteItem"), Path="/countersign/", name=unique("r")
    )
    actions = ["dynamodb:GetItem", "dynamodb:DeleteItem"]
    answers = _ask(world, role, actions, [f"{TABLE}/a1", f"{TABLE}/b"])
    assert answers == {
        ("dynamodb:GetItem", f"{TABLE}/a1"): "allowed", ("dynamodb:GetItem", f"{TABLE}/b"): "implicitDeny",
        ("dynamodb:DeleteItem", f"{TABLE}/a1"): "explicitDeny", ("dynamodb:DeleteItem", f"{TABLE}/b"): "explicitDeny",
    }, answers
    many = [f"{TABLE}/a{number}" for number in range(150)]
    assert _ask(world, role, ["dynamodb:GetItem"], many) == {("dynamodb:GetItem", one): "allowed" for one in many}


def a_boundary_limits_what_is_allowed(world):
    iam = world.client("iam")
    boundary = iam.create_policy(PolicyName=unique("b"), PolicyDocument=policy(allow("s3:*")))["Policy"]["Arn"]
    role = world.role(NOBODY, allow("*"), PermissionsBoundary=boundary)
    both = {("s3:GetObject", "*"): "allowed", ("sqs:ListQueues", "*"): "implicitDeny"}
    assert _ask(world, role, ["s3:GetObject", "sqs:ListQueues"]) == both
    answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["sqs:ListQueues"])["EvaluationResults"][0]
    assert answer["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}, answer
    # A boundary that is given stands in for the role's own.
    other = [policy(allow("sqs:*"))]
    assert _ask(world, role, ["sqs:ListQueues"], PermissionsBoundaryPolicyInputList=other) == {("sqs:ListQueues", "*"): "allowed"}


def policies_that_are_given_are_added(world):
    role = world.role(NOBODY, allow("s3:GetObject"))
    more = [policy(allow("sqs:ListQueues")), policy(deny("s3:*"))]
    assert _ask(world, role, ["s3:GetObject", "sqs:ListQueues"], PolicyInputList=more) == {
        ("s3:GetObject", "*"): "explicitDeny", ("sqs:ListQueues", "*"): "allowed",
    }


def conditions_hold_for_the_keys_that_are_given(world):
    where = allow("iam:AttachRolePolicy", Condition={"ArnLike": {"iam:PolicyARN": "arn:aws:iam::*:policy/countersign/*"}})
    when = allow("sqs:ListQueues", Condition={"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})
    tags = allow("iam:TagRole", Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}})
    role = world.role(NOBODY, where, when, tags)
    attach = ["iam:AttachRolePolicy"]
    ours, theirs = (f"arn:aws:iam::{ACCOUNT}:policy/{name}" for name in ("countersign/p", "p"))
    assert list(_ask(world, role, attach).values()) == ["implicitDeny"]
    assert list(_ask(world, role, attach, keys={"iam:PolicyARN": ours}).values()) == ["allowed"]
    assert list(_ask(world, role, attach, keys={"iam:PolicyARN": theirs}).values()) == ["implicitDeny"]
    # What is given goes before what the engine knows, as the clock.
    assert list(_ask(world, role, ["sqs:ListQueues"]).values()) == ["implicitDeny"]
    assert list(_ask(world, role, ["sqs:ListQueues"], keys={"aws:CurrentTime": "2019-01-01T00:00:00Z"}).values()) == ["allowed"]
    assert list(_ask(world, role, ["iam:TagRole"], keys={"aws:TagKeys": ["a", "b"]}).values()) == ["allowed"]
    assert list(_ask(world, role, ["iam:TagRole"], keys={"aws:TagKeys": ["a", "c"]}).values()) == ["implicitDeny"]
    answer = world.client("iam").simulate_principal_policy(PolicySourceArn=role, ActionNames=attach)
    assert answer["EvaluationResults"][0]["MissingContextValues"] == ["iam:PolicyARN"], answer


def policies_alone_can_be_asked_about(world):
    iam = world.client("iam")

    def decided(**more):
        answer = iam.simulate_custom_policy(ActionNames=["s3:GetObject"], ResourceArns=["arn:aws:s3:::b/k"], **more)
        return [one["EvalDecision"] for one in answer["EvaluationResults"]]

    assert decided(PolicyInputList=[policy(allow("s3:*"))]) == ["allowed"]
    assert decided(PolicyInputList=[policy(allow("s3:*")), policy(deny("*"))]) == ["explicitDeny"]
    bounded = [policy(allow("sqs:*"))]
    assert decided(PolicyInputList=[policy(allow("s3:*"))], PermissionsBoundaryPolicyInputList=bounded) == ["implicitDeny"]


def simulation_and_a_real_call_agree(world):
    keys, arn = world.user(ASSUME)
    known_only = policy(allow("iam:GetRole", ["arn:aws:iam::*:role/y*", "arn:aws:iam::*:role/x*"]))
    boundary = world.client("iam").create_policy(PolicyName=unique("b"), PolicyDocument=known_only)["Policy"]["Arn"]
    role = world.role(
        trusting(arn), allow("iam:GetRole"), deny("iam:GetRole", "arn:aws:iam::*:role/x*"), PermissionsBoundary=boundary
    )
    session = world.assume(keys, role)["Credentials"]
    for name in ("x-role", "y-role", "z-role"):
        world.role(NOBODY, name=f"{name}-{unique('r')}")
    for known in [one["RoleName"] for one in world.client("iam").list_roles(MaxItems=1000)["Roles"]]:
        target = world.client("iam").get_role(RoleName=known)["Role"]["Arn"]
        said = _ask(world, role, ["iam:GetRole"], [target])[("iam:GetRole", target)]
        try:
            world.client("iam", session).get_role(RoleName=known)
            did = True
        except world.client("iam").exceptions.ClientError:
            did = False
        assert did == (said == "allowed"), (target, said, did)


def a_session_is_judged_with_its_policy_and_its_marks(world):
    keys, arn = world.user(ASSUME)
    own = deny("sqs:DeleteQueue", Condition={"StringEquals": {"aws:SourceIdentity": "req_1"}})
    role = world.role(trusting(arn), allow("sqs:*"), own)
    narrowed = policy(allow(["sqs:ListQueues", "sqs:DeleteQueue", "s3:ListAllMyBuckets"]))
    session = world.assume(keys, role, Policy=narrowed, SourceIdentity="req_1")["Credentials"]

    def judged(key):
        names = ["sqs:ListQueues", "sqs:DeleteQueue", "sqs:CreateQueue", "s3:ListAllMyBuckets"]
        listed = "".join(f"&ActionNames.member.{number}={name}" for number, name in enumerate(names, 1))
        body = f"Action=SimulateSession&Version=2010-05-08&AccessKeyId={key}{listed}".encode()
        return world.http("POST", world.endpoint, body, {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/iam/aws4_request, SignedHeaders=host, Signature=0",
        })

    status, answer = judged(session["AccessKeyId"])
    found = [part.split("</EvalDecision>")[0] for part in answer.split("<EvalDecision>")[1:]]
    assert (status, found) == (200, ["allowed", "explicitDeny", "implicitDeny", "implicitDeny"]), answer
    assert judged("ASIANOBODYKNOWSTHIS1")[0] == 403
    assert judged("test")[0] == 400


def what_can_not_be_simulated_is_refused(world):
    iam, role = world.client("iam"), world.role(NOBODY, Path="/there/", name=unique("r"))
    ask, call = iam.simulate_principal_policy, {"ActionNames": ["s3:GetObject"]}
    name = role.rsplit("/", 1)[-1]
    refused("NoSuchEntity", ask, PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/nobody", **call)
    refused("NoSuchEntity", ask, PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/{name}", **call)
    refused("NoSuchEntity", ask, PolicySourceArn=role.replace(ACCOUNT, "222222222222"), **call)
    refused("InvalidInput", ask, PolicySourceArn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/s", **call)
    refused("InvalidInput", ask, PolicySourceArn=role, ActionNames=["s3:*"])
    refused("InvalidInput", ask, PolicySourceArn=role, ResourceArns=["bucket"], **call)
    refused("InvalidInput", ask, PolicySourceArn=role, PolicyInputList=["{}"], **call)
    two = [policy(allow("*"))] * 2
    refused("InvalidInput", ask, PolicySourceArn=role, PermissionsBoundaryPolicyInputList=two, **call)
    refused("ValidationError", ask, PolicySourceArn=role)
    refused("ValidationError", iam.simulate_custom_policy, **call)
    keys, _ = world.user(allow("iam:SimulatePrincipalPolicy", role))
    world.client("iam", keys).simulate_principal_policy(PolicySourceArn=role, **call)
    refused("AccessDenied", world.client("iam", keys).simulate_principal_policy, PolicySourceArn=world.role(NOBODY), **call)
