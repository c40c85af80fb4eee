"""What the local cloud holds besides the stack: people with keys, things worth access, Slack's secrets, the policy."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import time

SLACK_TEAM = "T0COUNTER1"
SLACK_APP = "A0COUNTER1"
PEOPLE = {"alice": "U0ALICE01", "bob": "U0BOB00001", "carol": "U0CAROL001", "dave": "U0DAVE0001", "mallory": "U0MALLORY1"}
WITHOUT_SLACK = ["erin", "frank", "grace"]
"""Everyone of the sample catalog, with the id Slack knows them by."""
TARGET_PATH, TARGET_ROLE = "/legacy/", "debug"
"""The role that the sample entitlement `legacy-debug` is about. It was there before Countersign, and dave still uses it."""
INVOICES, ARCHIVE = "222222222222", "333333333333"
"""Other accounts that grants are made in, and what is worth access there: see spokes.yaml."""
LOG_ARCHIVE = "555555555555"
"""The account that the transparency log is anchored in."""
ARCHIVE_ROLE = "archive"
EXTERNAL_ID = "local-countersign-0001"


def people(iam, account: str, region: str, api_id: str) -> dict:
    """An IAM user for each, who may call the API and nothing else. alice may also take up roles made for her grants.

    What a person may do in Countersign is the catalog's business, not IAM's: mallory's calls arrive and are refused."""
    found = {}
    for person, slack_user in [*PEOPLE.items(), *((person, "") for person in WITHOUT_SLACK)]:
        try:
            iam.create_user(UserName=person)
        except iam.exceptions.EntityAlreadyExistsException:
            pass
        statements = [{
            "Sid": "CallCountersign", "Effect": "Allow", "Action": "execute-api:Invoke",
            "Resource": f"arn:aws:execute-api:{region}:{account}:{api_id}/*",
        }]
        if person == "alice":
            statements.append({
                "Sid": "TakeUpGrantedRoles", "Effect": "Allow", "Action": "sts:AssumeRole",
                "Resource": [f"arn:aws:iam::{one}:role/countersign/*" for one in (account, INVOICES, ARCHIVE)],
            })
        if person == "dave":
            statements.append({
                "Sid": "UseTheOldRole", "Effect": "Allow", "Action": "sts:AssumeRole",
                "Resource": f"arn:aws:iam::{account}:role{TARGET_PATH}{TARGET_ROLE}",
            })
        policy = {"Version": "2012-10-17", "Statement": statements}
        iam.put_user_policy(UserName=person, PolicyName="countersign", PolicyDocument=json.dumps(policy))
        for old in iam.list_access_keys(UserName=person)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=person, AccessKeyId=old["AccessKeyId"])
        key = iam.create_access_key(UserName=person)["AccessKey"]
        found[person] = {
            "email": f"{person}@example.com",
            "slackUserId": slack_user,
            "principalArn": iam.get_user(UserName=person)["User"]["Arn"],
            "accessKeyId": key["AccessKeyId"],
            "secretAccessKey": key["SecretAccessKey"],
        }
    found["alice"]["mfaSerial"] = _mfa_device(iam, "alice")
    return found


def _mfa_device(iam, person: str) -> str:
    for device in iam.list_virtual_mfa_devices()["VirtualMFADevices"]:
        if device["SerialNumber"].endswith(f":mfa/{person}"):
            return device["SerialNumber"]
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=person)["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(UserName=person, SerialNumber=serial, AuthenticationCode1="000001", AuthenticationCode2="000002")
    return serial


def spoke(client, account: str, hub: str, region: str, stack: str) -> dict[str, str]:
    """What is in another account before Countersign is, and the parameters of its stack there."""
    table = {INVOICES: "invoices", ARCHIVE: "archive"}[account]
    _table(client("dynamodb"), table, [{"id": {"S": f"{table}-1"}, "state": {"S": "open"}}])
    iam = client("iam")
    parameters = {"HubAccountId": hub, "HubStackName": stack, "ExternalId": EXTERNAL_ID, "OrganizationId": "o-local00001"}
    arn = f"arn:aws:dynamodb:{region}:{account}:table/{table}"
    if account == ARCHIVE:
        shared_role(iam, account, region, stack, hub=hub, role=ARCHIVE_ROLE, table=table)
        return parameters | {"PolicyTargetRoleArns": f"arn:aws:iam::{account}:role{TARGET_PATH}{ARCHIVE_ROLE}"}
    access = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": arn}]}
    try:
        iam.create_policy(PolicyName="invoices", PolicyDocument=json.dumps(access))
    except iam.exceptions.EntityAlreadyExistsException:
        pass
    return parameters | {"BaseRolePolicyArns": f"arn:aws:iam::{account}:policy/invoices"}


def shared_role(iam, account: str, region: str, stack: str, hub: str = "", role: str = TARGET_ROLE, table: str = "orders") -> None:
    """A role that people share. Only Countersign may tag its sessions; dave enters it as he always did.

    By itself it lets everybody in it describe one table, and nothing else."""
    hub = hub or account
    credentials = f"arn:aws:iam::{hub}:role/countersign-system/{stack}-credentials"
    trust = {"Version": "2012-10-17", "Statement": [
        {
            "Sid": "CountersignAlone", "Effect": "Allow", "Principal": {"AWS": credentials},
            "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        },
        {
            "Sid": "AsEver", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{hub}:user/dave"},
            "Action": "sts:AssumeRole",
        },
    ]}
    try:
        iam.create_role(Path=TARGET_PATH, RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
    except iam.exceptions.EntityAlreadyExistsException:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    standing = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "dynamodb:DescribeTable",
        "Resource": f"arn:aws:dynamodb:{region}:{account}:table/{table}",
    }]}
    iam.put_role_policy(RoleName=role, PolicyName="standing", PolicyDocument=json.dumps(standing))


def sample_targets(dynamodb, logs) -> None:
    """The table and the logs that the sample entitlements are about."""
    orders = [
        {"id": {"S": f"order-{number}"}, "customer": {"S": customer}, "state": {"S": state}}
        for number, (customer, state) in enumerate([("Ada", "paid"), ("Grace", "stuck"), ("Linus", "shipped")], start=1001)
    ]
    if not _table(dynamodb, "orders", orders):
        return
    logs.create_log_group(logGroupName="/app/orders")
    logs.create_log_stream(logGroupName="/app/orders", logStreamName="web-1")
    now = int(time.time() * 1000)
    lines = ["order-1001 paid", "order-1002 payment provider timed out", "order-1002 stuck in `paying`", "order-1003 shipped"]
    events = [{"timestamp": now - 1000 * (len(lines) - index), "message": line} for index, line in enumerate(lines)]
    logs.put_log_events(logGroupName="/app/orders", logStreamName="web-1", logEvents=events)


def _table(dynamodb, name: str, items: list[dict]) -> bool:
    """A table with these items; whether it was not there yet."""
    try:
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
    except dynamodb.exceptions.ResourceInUseException:
        return False
    for item in items:
        dynamodb.put_item(TableName=name, Item=item)
    return True


def slack_secret(secrets, secret_id: str, signing_secret: str, bot_token: str) -> None:
    """Store what Slack's app page would give."""
    value = {"signingSecrets": [signing_secret], "botToken": bot_token}
    secrets.put_secret_value(SecretId=secret_id, SecretString=json.dumps(value))


def publish_policy(countersign: pathlib.Path, folder: pathlib.Path, more: list[pathlib.Path], table: str) -> None:
    """Check the policy files, with more entitlements after the catalog's own, and put them in force, as an operator would:
    with the command line."""
    with tempfile.TemporaryDirectory() as whole:
        shutil.copytree(folder, whole, dirs_exist_ok=True)
        catalog = pathlib.Path(whole, "catalog.yaml")
        catalog.write_text("\n".join(part.read_text() for part in (catalog, *more)))
        subprocess.run([countersign, "policy", "publish", whole, "--table", table, "--by", "local"], check=True)