"""What checks are made of: clients, users, roles, functions, and waiting."""

import io
import json
import pathlib
import sys
import time
import urllib.error
import urllib.request
import uuid
import zipfile

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

ACCOUNT = "111111111111"
REGION = "us-east-1"
ROOT = ("test", "test", None)


class World:
    """One local cloud, and helpers that make things in it under names of their own."""

    def __init__(self, endpoint: str, folder: pathlib.Path):
        self.endpoint, self.folder = endpoint, folder

    def client(self, service: str, keys=ROOT):
        """A client with the given keys; the account's root without."""
        if isinstance(keys, dict):
            keys = (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name=REGION, aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1], aws_session_token=keys[2],
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False, s3={"addressing_style": "path"}),
        )

    def user(self, *statements: dict):
        """An IAM user with these statements: its keys and its ARN."""
        iam, name = self.client("iam"), unique("user")
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return (key["AccessKeyId"], key["SecretAccessKey"], None), arn

    def role(self, trust: dict, *statements: dict, name: str | None = None, **more) -> str:
        """A role with this trust statement and these permissions: its ARN."""
        iam, name = self.client("iam"), name or unique("role")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust), **more)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
        return arn

    def service_role(self, service: str, *statements: dict) -> str:
        """A role for a service."""
        trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        return self.role(trust, *statements)

    def assume(self, keys, role: str, name: str = "someone", **more) -> dict:
        """AssumeRole's answer."""
        return self.client("sts", keys).assume_role(RoleArn=role, RoleSessionName=name, **more)

    def function(self, *statements: dict, role: str | None = None, **more) -> str:
        """A function that runs `bootstrap.py`: its name. Its role may also do all that Lambda does by it, unless one is given."""
        name = unique("function")
        self.client("lambda").create_function(
            FunctionName=name, Runtime="provided.al2023", Handler="bootstrap", Timeout=10,
            Role=role or self.service_role("lambda", BY_LAMBDA, *statements), Code={"ZipFile": package()}, **more,
        )
        return name

    def events(self, function: str, wanted=lambda event: True) -> list[dict]:
        """What a function has been given so far: `at` and `event`."""
        file = self.folder / "events"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        parsed = [json.loads(line) for line in lines]
        return [one for one in parsed if one["function"] == function and wanted(one["event"])]

    def queue(self) -> tuple[str, str]:
        """A queue: its URL and its ARN."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def messages(self, url: str) -> list[dict]:
        """What is in a queue now."""
        answer = self.client("sqs").receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
        )
        return answer.get("Messages", [])

    def http(self, method: str, url: str, body: bytes | None = None, headers: dict | None = None, keys=None):
        """One HTTP call, signed for execute-api if keys are given: status and text."""
        request = AWSRequest(method=method, url=url, data=body, headers=headers or {})
        if keys:
            if isinstance(keys, dict):
                keys = (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
            SigV4Auth(Credentials(*keys), "execute-api", REGION).add_auth(request)
        try:
            sent = urllib.request.Request(url, data=body, headers=dict(request.headers), method=method)
            with urllib.request.urlopen(sent) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def unique(kind: str) -> str:
    """A name nobody else has."""
    return f"{kind}-{uuid.uuid4().hex[:10]}"


def allow(action, resource="*", **more) -> dict:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more) -> dict:
    """A Deny statement."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


BY_LAMBDA = allow([
    "logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage",
    "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
])
"""What Lambda does by a function's role."""

ASSUME = allow(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"])
"""All that a caller of AssumeRole may need."""


def trusting(arn, action=("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"), **condition) -> dict:
    """A trust statement for a principal."""
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": list(action)}
    return statement | ({"Condition": condition} if condition else {})


def policy(*statements: dict) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def package() -> bytes:
    """The zip of `bootstrap.py`, run by the Python that runs the checks."""
    source = (pathlib.Path(__file__).parent / "bootstrap.py").read_text(encoding="utf-8")
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o755 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, f"#!{sys.executable}\n{source}")
    return buffer.getvalue()


def refused(code: str, call, *args, **kwargs) -> None:
    """The call must fail with this error code; AccessDenied in either of its two spellings."""
    try:
        call(*args, **kwargs)
    except ClientError as error:
        got = error.response["Error"]["Code"]
        wanted = {code, f"{code}Exception"} if code == "AccessDenied" else {code}
        assert got in wanted, f"expected {code}, got {got}: {error.response['Error'].get('Message')}"
        return
    raise AssertionError(f"expected {code}, but the call went through")


def until(found, seconds: float = 10.0):
    """Waits for something true and gives it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"did not happen within {seconds} s")
