"""Deploys template.yaml into a running local cloud, seeds it and writes the outputs file.

The same file, CloudFormation and SAM transform as on AWS; only where the functions' code lies is filled in, as
`sam package` would. Run it again after a change: the stack is updated, people's keys are made anew.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import cloudtemplate
import seed
import trail

ARTIFACTS = "countersign-artifacts"
ANCHORS = "countersign-anchors"
"""The bucket of the log-archive account."""
REGION = "us-east-1"


def arguments() -> argparse.Namespace:
    """The command line. Everything has a default but where things are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="the local cloud, http://127.0.0.1:PORT")
    parser.add_argument("--template", type=pathlib.Path, required=True)
    parser.add_argument("--spoke", type=pathlib.Path, required=True, help="the template of other accounts")
    parser.add_argument("--log-archive", type=pathlib.Path, required=True, help="the template of the log-archive account")
    parser.add_argument("--functions", type=pathlib.Path, required=True, help="folder with one <name>/bootstrap or <name> per function")
    parser.add_argument("--outputs", type=pathlib.Path, required=True, help="the file to write")
    parser.add_argument("--stack", default="countersign")
    parser.add_argument("--architecture", default=os.uname().machine.replace("aarch64", "arm64"))
    parser.add_argument("--slack-url", default="http://127.0.0.1:1", help="the local Slack")
    parser.add_argument("--slack-signing-secret", default="0" * 32)
    parser.add_argument("--slack-bot-token", default="xoxb-local")
    parser.add_argument("--policy", type=pathlib.Path, help="folder of catalog, policies and schema to make the active ones")
    parser.add_argument("--entitlements", type=pathlib.Path, help="more lines for that catalog")
    parser.add_argument("--countersign", type=pathlib.Path, required=True, help="the command line")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="a template parameter")
    return parser.parse_args()


class Cloud:
    """An account's root on the local cloud. Nothing of the product runs with these keys."""

    def __init__(self, endpoint: str):
        os.environ.update(
            AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_REGION=REGION,
            AWS_DEFAULT_REGION=REGION,
        )
        self._config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}, max_pool_connections=4)

    def client(self, service: str, account: str | None = None):
        """A client of one service, in the hub's account or another one: there 12 digits are the root's key."""
        keys = {"aws_access_key_id": account, "aws_secret_access_key": account} if account else {}
        return boto3.client(service, config=self._config, **keys)


def upload(s3, template: dict, folder: pathlib.Path, bucket: str = ARTIFACTS) -> dict[str, tuple[str, str]]:
    """Each function's package, in the artifacts bucket under a name that is its content's."""
    if bucket not in [known["Name"] for known in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=bucket)
    present = {one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}

    def one(named):
        logical_id, binary = named
        candidates = [folder / binary / "bootstrap", folder / binary]
        path = next((path for path in candidates if path.is_file()), None)
        if path is None:
            raise SystemExit(f"no binary for {logical_id}: looked for {' and '.join(map(str, candidates))}")
        key = f"{binary}-{cloudtemplate.digest(path.read_bytes())}.zip"
        if key not in present:
            s3.put_object(Bucket=bucket, Key=key, Body=cloudtemplate.zipped(path))
        return logical_id, (bucket, key)

    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        return dict(pool.map(one, cloudtemplate.functions(template).items()))


def uploaded_template(s3, body: str) -> dict[str, str]:
    """The template as the stack's call names it. It is longer than a call may be."""
    key = f"template-{cloudtemplate.digest(body.encode())}.json"
    s3.put_object(Bucket=ARTIFACTS, Key=key, Body=body.encode())
    return {"TemplateURL": f"{os.environ['AWS_ENDPOINT_URL']}/{ARTIFACTS}/{key}"}


def deploy(cloudformation, stack: str, template: dict[str, str], values: dict, declared: dict) -> dict[str, str]:
    """Create or update the stack; its outputs."""
    call = {
        "StackName": stack,
        **template,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": k, "ParameterValue": str(v)} for k, v in values.items() if k in declared],
    }
    exists = True
    try:
        cloudformation.describe_stacks(StackName=stack)
    except ClientError:
        exists = False
    try:
        (cloudformation.update_stack if exists else cloudformation.create_stack)(**call)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise
    return wait(cloudformation, stack)


def deploy_spoke(cloud: Cloud, args: argparse.Namespace, account: str, hub: str) -> dict[str, str]:
    """Another account's stack, and what was there before; the stack's outputs."""
    def client(service: str):
        return cloud.client(service, account)

    values = seed.spoke(client, account, hub, REGION, args.stack)
    template = cloudtemplate.load(args.spoke)
    body = {"TemplateBody": json.dumps(template)}
    return deploy(client("cloudformation"), f"{args.stack}-spoke", body, values, template["Parameters"])


def verifier_key(countersign: pathlib.Path, account: str | None, arn: str, *words: str) -> str:
    """What verifies the signatures of a key: a line of `keys`, `log …` or `witness …`."""
    keys = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": account} if account else {}
    asked = [countersign, "audit", "key", arn, *words]
    told = subprocess.run(asked, env={**os.environ, **keys}, capture_output=True, text=True, check=False)
    if told.returncode != 0:
        raise SystemExit(f"no verifier key of {arn}: {told.stderr}")
    return told.stdout.strip()


def deploy_log_archive(cloud: Cloud, args: argparse.Namespace, hub: str, log_key: str) -> dict[str, str]:
    """The log-archive account's stack, which knows the hub's log by its key; the stack's outputs."""
    account = seed.LOG_ARCHIVE
    template = cloudtemplate.load(args.log_archive)
    packages = upload(cloud.client("s3", account), template, args.functions, f"{ARTIFACTS}-{account}")
    values = {
        "HubAccountId": hub, "HubStackName": args.stack, "AnchorBucket": ANCHORS, "LogKeys": log_key.removeprefix("log "),
        "Architecture": args.architecture, "RetentionDays": 30,
    }
    body = {"TemplateBody": cloudtemplate.point_at(template, packages)}
    return deploy(cloud.client("cloudformation", account), f"{args.stack}-log-archive", body, values, template["Parameters"])


def start_log(cloud: Cloud, table: str, stack: str) -> None:
    """The log with all that is on record so far, anchored: until then nothing is granted."""
    audit, dynamodb = cloud.client("lambda"), cloud.client("dynamodb")
    anchor = {"pk": {"S": "LOG"}, "sk": {"S": "ANCHOR"}}
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            ran = audit.invoke(FunctionName=f"{stack}-audit", Payload=b"{}")
        except audit.exceptions.TooManyRequestsException:
            # It runs once at a time, and the stream is there already.
            time.sleep(0.2)
            continue
        if dynamodb.get_item(TableName=table, Key=anchor, ConsistentRead=True).get("Item"):
            return
        if ran.get("FunctionError"):
            print(f"  the audit function failed: {ran['Payload'].read().decode()}", file=sys.stderr)
        time.sleep(0.2)
    raise SystemExit(f"the log was not anchored within a minute; see the logs of {stack}-audit and of the witness")


def wait(cloudformation, stack: str) -> dict[str, str]:
    """Until the stack has settled; its outputs, or the events that say why it failed."""
    while True:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        status = found["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            break
        time.sleep(0.1)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        for event in reversed(cloudformation.describe_stack_events(StackName=stack)["StackEvents"]):
            if event.get("ResourceStatusReason"):
                reason = event["ResourceStatusReason"]
                print(f"  {event['ResourceStatus']} {event['LogicalResourceId']}: {reason}", file=sys.stderr)
        raise SystemExit(f"the stack {stack} ended as {status}")
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def physical(cloudformation, stack: str, resource_type: str) -> list[str]:
    """Physical ids of a stack's resources of one type."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return [
        one["PhysicalResourceId"]
        for page in pages
        for one in page["StackResourceSummaries"]
        if one["ResourceType"] == resource_type
    ]


def main() -> None:
    """Upload, deploy, seed, write the outputs file; each with its time."""
    args = arguments()
    cloud = Cloud(args.endpoint)
    cloudformation, s3 = cloud.client("cloudformation"), cloud.client("s3")
    account = cloud.client("sts").get_caller_identity()["Account"]
    started = time.monotonic()

    template = cloudtemplate.load(args.template)
    body = cloudtemplate.point_at(template, upload(s3, template, args.functions))
    uploaded = time.monotonic()
    tables = {account: "orders", seed.INVOICES: "invoices", seed.ARCHIVE: "archive"}
    # The log's own bucket is named by CloudFormation; it begins with the stack's name.
    trail.deliver(cloud.client, account, tables, REGION, [f"{ARTIFACTS}/", f"{ANCHORS}/", f"{args.stack}-logbucket"])
    values = {
        "Architecture": args.architecture,
        "SlackApiUrl": f"{args.slack_url}/api",
        "SlackTeamIds": seed.SLACK_TEAM,
        "SlackAppId": seed.SLACK_APP,
        "DeletionProtection": "false",
        "PolicyTargetRoleArns": ",".join([
            f"arn:aws:iam::{account}:role{seed.TARGET_PATH}{seed.TARGET_ROLE}",
            f"arn:aws:iam::{seed.ARCHIVE}:role{seed.TARGET_PATH}{seed.ARCHIVE_ROLE}",
        ]),
        "SpokeAccounts": f"{seed.INVOICES},{seed.ARCHIVE}",
        "SpokeExternalId": seed.EXTERNAL_ID,
        "TrailBucket": trail.BUCKET,
        "TrailDataEvents": trail.DATA_EVENTS,
        # Records are there at once.
        "ActivityDelaySeconds": 5,
        "KubernetesLogs": "true",
        "TrailPrefix": trail.PREFIX,
        "AnchorBucket": ANCHORS,
        **dict(one.split("=", 1) for one in args.parameter),
    }
    outputs = deploy(cloudformation, args.stack, uploaded_template(s3, body), values, template.get("Parameters", {}))
    # The witness knows the log by its key, and the log the witness: one of them has to be there first.
    log_key = verifier_key(args.countersign, None, outputs["LogKeyArn"], "--name", outputs["LogOriginName"])
    archive = deploy_log_archive(cloud, args, account, log_key)
    witness_key = verifier_key(
        args.countersign, seed.LOG_ARCHIVE, archive["WitnessKeyArn"], "--witness", "--name", archive["WitnessName"]
    )
    values["WitnessKey"] = witness_key.removeprefix("witness ")
    outputs = deploy(cloudformation, args.stack, uploaded_template(s3, body), values, template.get("Parameters", {}))
    deployed = time.monotonic()

    dynamodb = cloud.client("dynamodb")
    api_id = outputs["ApiId"]
    for secret_id in physical(cloudformation, args.stack, "AWS::SecretsManager::Secret"):
        seed.slack_secret(cloud.client("secretsmanager"), secret_id, args.slack_signing_secret, args.slack_bot_token)
    seed.sample_targets(dynamodb, cloud.client("logs"))
    people = seed.people(cloud.client("iam"), account, REGION, api_id)
    seed.shared_role(cloud.client("iam"), account, REGION, args.stack)
    # After the people: a trust policy can't name who does not exist.
    spokes = {one: deploy_spoke(cloud, args, one, account) for one in (seed.INVOICES, seed.ARCHIVE)}
    if args.policy:
        more = [pathlib.Path(__file__).with_name("spokes.yaml"), *([args.entitlements] if args.entitlements else [])]
        seed.publish_policy(args.countersign, args.policy, more, outputs["TableName"])
    start_log(cloud, outputs["TableName"], args.stack)
    outputs_file = {
        "endpointUrl": args.endpoint,
        # By path, not by host: `<id>.execute-api.localhost` resolves on few machines.
        "apiUrl": f"{args.endpoint}/_aws/execute-api/{api_id}",
        "region": REGION,
        "accountId": account,
        "stackName": args.stack,
        "apiId": api_id,
        "tableName": outputs["TableName"],
        "busName": outputs["BusName"],
        "trailBucket": trail.BUCKET,
        "logBucket": outputs["LogBucketName"],
        "anchorBucket": outputs["AnchorBucketName"],
        # The lines of the file `keys`: what verifies the log's checkpoints and the witness's cosignatures.
        "logKeys": [log_key, witness_key],
        "logArchive": {"accountId": seed.LOG_ARCHIVE, **archive},
        "slackUrl": args.slack_url,
        "slackSigningSecret": args.slack_signing_secret,
        "slackTeamId": seed.SLACK_TEAM,
        "slackAppId": seed.SLACK_APP,
        "stackOutputs": outputs,
        "spokes": spokes,
        "people": people,
    }
    partial = args.outputs.with_suffix(".partial")
    partial.write_text(json.dumps(outputs_file, indent=2) + "\n")
    partial.chmod(0o600)
    partial.replace(args.outputs)
    print(
        f"uploaded in {uploaded - started:.1f} s, deployed in {deployed - uploaded:.1f} s, "
        f"seeded in {time.monotonic() - deployed:.1f} s"
    )


if __name__ == "__main__":
    main()
