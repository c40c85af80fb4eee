"""Buckets that nothing is taken out of: Object Lock, conditional puts, and who of another account may put."""

import json

from checks.world import allow, deny, policy, refused, trusting, unique, until

OTHER = "444444444444"


def _bucket(world, *statements, **properties):
    """A bucket by CloudFormation, with these statements in its policy."""
    name, cloudformation = unique("bucket"), world.client("cloudformation")
    resources = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name, **properties}}}
    if statements:
        document = {"Version": "2012-10-17", "Statement": [statement(name) for statement in statements]}
        resources["Policy"] = {
            "Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document},
        }
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    until(lambda: cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
    return name


def _locked(world):
    return _bucket(
        world, ObjectLockEnabled=True, VersioningConfiguration={"Status": "Enabled"},
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 400}},
        },
    )


def what_is_locked_is_not_deleted_by_root(world):
    s3, bucket = world.client("s3"), _locked(world)
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    refused("AccessDenied", s3.delete_object, Bucket=bucket, Key="k", VersionId=version)
    refused("AccessDenied", s3.delete_object, Bucket=bucket, Key="k", VersionId=version, BypassGovernanceRetention=True)
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read() == b"1"


def a_retention_is_not_made_shorter_by_root(world):
    s3, bucket = world.client("s3"), _locked(world)
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    kept = s3.get_object_retention(Bucket=bucket, Key="k")["Retention"]
    assert kept["Mode"] == "COMPLIANCE", kept
    shorter = {"Mode": "COMPLIANCE", "RetainUntilDate": kept["RetainUntilDate"].replace(year=kept["RetainUntilDate"].year - 1)}
    refused("AccessDenied", s3.put_object_retention, Bucket=bucket, Key="k", VersionId=version, Retention=shorter)
    weaker = {**kept, "Mode": "GOVERNANCE"}
    refused("AccessDenied", s3.put_object_retention, Bucket=bucket, Key="k", VersionId=version, Retention=weaker)


def a_put_says_what_it_goes_over(world):
    def once(name):
        return deny("s3:PutObject", f"arn:aws:s3:::{name}/*", Principal="*", Condition={"Null": {"s3:if-none-match": "true"}})

    bucket = _bucket(world, once)
    keys, _ = world.user(allow("s3:*"))
    s3 = world.client("s3", keys)
    refused("AccessDenied", s3.put_object, Bucket=bucket, Key="k", Body=b"1")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")
    refused("PreconditionFailed", s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")


def a_put_goes_over_the_version_it_names(world):
    s3, bucket = world.client("s3"), _bucket(world)
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=first)
    refused("PreconditionFailed", s3.put_object, Bucket=bucket, Key="k", Body=b"3", IfMatch=first)


def loopback_counts_as_tls(world):
    def by_tls(name):
        return deny("s3:*", f"arn:aws:s3:::{name}/*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})

    keys, _ = world.user(allow("s3:*"))
    world.client("s3", keys).put_object(Bucket=_bucket(world, by_tls), Key="k", Body=b"1")


def one_role_of_another_account_is_let_in_and_no_other(world):
    iam = world.client("iam", (OTHER, OTHER, None))

    def session():
        name = unique("role")
        role = iam.create_role(
            RoleName=name, Path="/countersign-system/",
            AssumeRolePolicyDocument=policy(trusting(f"arn:aws:iam::{OTHER}:root")),
        )["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(allow("s3:*")))
        user = unique("user")
        iam.create_user(UserName=user)
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy(allow("sts:*")))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        keys = (key["AccessKeyId"], key["SecretAccessKey"], None)
        return role, world.client("s3", world.assume(keys, role)["Credentials"])

    ours, anybody = session(), session()

    def puts(name):
        return allow(
            "s3:PutObject", f"arn:aws:s3:::{name}/anchors/*", Principal={"AWS": f"arn:aws:iam::{OTHER}:root"},
            Condition={"ArnEquals": {"aws:PrincipalArn": ours[0]}},
        )

    bucket = _bucket(world, puts)
    ours[1].put_object(Bucket=bucket, Key="anchors/1", Body=b"1")
    refused("AccessDenied", ours[1].put_object, Bucket=bucket, Key="cosigned/1", Body=b"1")
    refused("AccessDenied", ours[1].delete_object, Bucket=bucket, Key="anchors/1")
    refused("AccessDenied", anybody[1].put_object, Bucket=bucket, Key="anchors/2", Body=b"1")


def a_function_is_told_of_objects_under_a_prefix(world):
    function, bucket = world.function(), unique("bucket")
    s3 = world.client("s3")
    s3.create_bucket(Bucket=bucket)
    arn = f"arn:aws:lambda:us-east-1:111111111111:function:{function}"
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [{
        "LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "submissions/"}]}},
    }]})
    s3.put_object(Bucket=bucket, Key="anchors/1", Body=b"1")
    s3.put_object(Bucket=bucket, Key="submissions/1", Body=b"1")
    told = until(lambda: world.events(function, lambda event: "Records" in event))
    assert [one["event"]["Records"][0]["s3"]["object"]["key"] for one in told] == ["submissions/1"], told
