"""Templates as CloudFormation makes them: the SAM transform done, conditions decided, references resolved.

What AWS would choose, such as the id of a key, is made up: what is judged here are policies, and these differ in nothing but
names. A template is rendered twice: with as little in its parameters as it takes, and with something in all of them.
"""

import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/local-cloud"))

import cloudtemplate  # noqa: E402  (the reader of the local cloud: the same short forms)

REGION, ACCOUNT = "us-east-1", "111111111111"
_NOTHING = object()

_TARGETS = "arn:aws:iam::111111111111:role/legacy/debug,arn:aws:iam::333333333333:role/legacy/archive"
_REQUIRED = {
    "SlackTeamIds": "T0COUNTER1", "SlackAppId": "A0COUNTER1", "HubAccountId": ACCOUNT, "ExternalId": "some-external-id-0001",
    "AnchorBucket": "anchors-of-countersign", "LogKeys": "countersign+00000000+AAAA",
}
_MOST = _REQUIRED | {
    "EventBusName": "countersign", "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms",
    "BoundaryExtraDenials": "ssm:StartSession,ec2:DeleteVpc", "BaseRolePolicyArns": f"arn:aws:iam::{ACCOUNT}:policy/base",
    "PolicyTargetRoleArns": _TARGETS, "SpokeAccounts": "222222222222,333333333333", "SpokeExternalId": "some-external-id-0001",
    "TrailBucket": "trail", "TrailPrefix": "organisation/", "TrailRegions": "eu-central-1", "TrailDataEvents": "AWS::S3::Object",
    "ActivityCopiesBucket": "copies", "TrailKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/trail", "KubernetesLogs": "true",
    "LogOrigin": "countersign.example", "WitnessKey": "w+00000000+AAAA", "OrganizationId": "o-a1b2c3d4e5",
    "WitnessName": "witness.example",
}
PARAMETERS = {"least": _REQUIRED, "most": _MOST}
"""Parameters that are given, by what the rendering is called; the others have their defaults."""


def translated(path: pathlib.Path) -> dict:
    """The template after the SAM transform."""
    template = cloudtemplate.load(path)
    if "Transform" not in template and not any(one["Type"].startswith("AWS::Serverless") for one in template["Resources"].values()):
        return template
    from samtranslator.translator.transform import transform

    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "artifacts", "Key": "bootstrap.zip"}

    class NoPolicies:
        """Nothing here names a managed policy of AWS."""

        def load(self):
            return {}

    os.environ["AWS_DEFAULT_REGION"] = REGION
    return transform(template, {}, NoPolicies())


class Rendered:
    """A template with these parameters."""

    def __init__(self, template: dict, given: dict[str, str]):
        self.template = template
        declared = template.get("Parameters", {})
        # The hub makes a bucket for its anchors itself if none is named: with least.
        self.values = {name: given.get(name, one.get("Default", "")) for name, one in declared.items()}
        for name, one in declared.items():
            if one["Type"] == "CommaDelimitedList":
                self.values[name] = str(self.values[name]).split(",")
        self.resources = {
            name: resource for name, resource in template["Resources"].items() if self.holds(resource.get("Condition"))
        }

    def holds(self, condition) -> bool:
        """Whether a condition, by name or written out, is true."""
        if condition is None:
            return True
        if isinstance(condition, str):
            return self.holds(self.template["Conditions"][condition])
        (operator, values), = condition.items()
        match operator:
            case "Condition":
                return self.holds(values)
            case "Fn::Not":
                return not self.holds(values[0])
            case "Fn::Equals":
                return self.resolve(values[0]) == self.resolve(values[1])
            case "Fn::And":
                return all(map(self.holds, values))
            case "Fn::Or":
                return any(map(self.holds, values))
        raise SystemExit(f"a condition that is not known here: {operator}")

    def resolve(self, node):
        """The node without references; what is `AWS::NoValue` is left out of lists and mappings."""
        if isinstance(node, list):
            found = [self.resolve(one) for one in node]
            return [one for one in found if one is not _NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, value), = node.items()
            if name == "Ref":
                return self._reference(value)
            if name.startswith("Fn::"):
                return self._function(name, value)
        found = {key: self.resolve(value) for key, value in node.items()}
        return {key: value for key, value in found.items() if value is not _NOTHING}

    def _function(self, name: str, value):
        match name:
            case "Fn::If":
                return self.resolve(value[1] if self.holds(value[0]) else value[2])
            case "Fn::GetAtt":
                return self._attribute(*(value if isinstance(value, list) else value.split(".", 1)))
            case "Fn::Join":
                return value[0].join(map(str, self.resolve(value[1])))
            case "Fn::Split":
                return [one for one in str(self.resolve(value[1])).split(value[0]) if one]
            case "Fn::Sub":
                return self._filled(value if isinstance(value, str) else value[0])
        raise SystemExit(f"a function that is not known here: {name}")

    def _filled(self, text: str) -> str:
        def value(match):
            name = match.group(1)
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._reference(name))

        return re.sub(r"\$\{([^}]+)\}", value, text)

    def _reference(self, name: str):
        pseudo = {
            "AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws", "AWS::StackName": "countersign",
            "AWS::URLSuffix": "amazonaws.com", "AWS::NoValue": _NOTHING,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.values:
            return self.values[name]
        kind = self.template["Resources"][name]["Type"]
        if kind in ("AWS::IAM::ManagedPolicy", "AWS::SecretsManager::Secret"):
            return self._attribute(name, "Arn")
        return self._name(name)

    def _name(self, name: str) -> str:
        properties = self.template["Resources"][name].get("Properties", {})
        named = (one for one in ("RoleName", "FunctionName", "LogGroupName", "ManagedPolicyName", "BucketName", "Name") if one in properties)
        key = next(named, None)
        return str(self.resolve(properties[key])) if key else f"countersign-{name.lower()}"

    def _attribute(self, name: str, attribute: str) -> str:
        resource = self.template["Resources"][name]
        kind, own = resource["Type"], self._name(name)
        path = self.resolve(resource.get("Properties", {}).get("Path", "/"))
        here = f"{REGION}:{ACCOUNT}"
        arns = {
            "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{here}:table/{own}",
            "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role{path}{own}",
            "AWS::IAM::ManagedPolicy": f"arn:aws:iam::{ACCOUNT}:policy{path}{own}",
            "AWS::Logs::LogGroup": f"arn:aws:logs:{here}:log-group:{own}:*",
            "AWS::S3::Bucket": f"arn:aws:s3:::{own}",
            "AWS::SQS::Queue": f"arn:aws:sqs:{here}:{own}",
            "AWS::Lambda::Function": f"arn:aws:lambda:{here}:function:{own}",
            "AWS::Events::EventBus": f"arn:aws:events:{here}:event-bus/{own}",
            "AWS::Events::Rule": f"arn:aws:events:{here}:rule/{own}",
            "AWS::KMS::Key": f"arn:aws:kms:{here}:key/00000000-0000-4000-8000-000000000000",
            "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{here}:secret:{own}-AbCdEf",
            "AWS::Scheduler::ScheduleGroup": f"arn:aws:scheduler:{here}:schedule-group/{own}",
        }
        arn = arns[kind]
        return f"{arn}/stream/2026-01-01T00:00:00.000" if attribute == "StreamArn" else arn

    def policies(self):
        """Each policy: what it is called, whether it is for an identity, a resource or a trust, and its document."""
        for name, resource in self.resources.items():
            properties = resource.get("Properties", {})
            match resource["Type"]:
                case "AWS::IAM::Role":
                    yield f"{name}/trust", "trust", self.resolve(properties["AssumeRolePolicyDocument"])
                    for policy in self.resolve(properties.get("Policies", [])):
                        yield f"{name}/{policy['PolicyName']}", "identity", policy["PolicyDocument"]
                case "AWS::IAM::ManagedPolicy":
                    yield name, "identity", self.resolve(properties["PolicyDocument"])
                case "AWS::KMS::Key":
                    yield name, "resource", self.resolve(properties["KeyPolicy"])
                case "AWS::S3::BucketPolicy" | "AWS::SQS::QueuePolicy":
                    yield name, "resource", self.resolve(properties["PolicyDocument"])
