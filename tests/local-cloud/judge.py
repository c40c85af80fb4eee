"""Judges the roles of a running local cloud by what was recorded of it: no permission that nothing needs.

For each Allow statement of the roles of the system and of base roles, each of its actions and resources, and each value that a
condition of it lists: is there a recorded call that was allowed, and would be denied without it? The engine that enforces calls
decides each anew. What no call needs has a reason in unused.yaml, which names the test that needs it, or is a complaint. A
reason that is not needed is one as well, unless it says `sometimes`: then timing decides whether a call needs what it is for.
"""

import argparse
import copy
import dataclasses
import fnmatch
import json
import pathlib
import re
import sys

import yaml
from ministack.core import iam_evaluator as engine

from overlay import iam_conditions
from overlay.decisions import PATHS

ROOT = pathlib.Path(__file__).parent.parent.parent
ATTACHED = "Attached"
"""Marks a statement of a managed policy."""
FIELDS = {"role", "statement", "action", "resource", "condition", "sometimes", "why", "test"}


@dataclasses.dataclass(frozen=True, order=True)
class Part:
    """A statement of a role, or what may be taken out of one."""

    role: str
    statement: str
    kind: str = ""
    """`action`, `resource`, `condition`; empty: the whole statement."""
    value: str = ""

    def __str__(self) -> str:
        return f"{self.role}: {self.statement}" + (f", {self.kind} {self.value}" if self.kind else "")


@dataclasses.dataclass
class Recorded:
    """A recorded call, fit for the engine."""

    action: str
    resource_arn: str
    region: str
    keys: dict


@dataclasses.dataclass
class Verdict:
    """What came of it."""

    parts: set[Part]
    needed: set[Part]
    complaints: list[str]
    calls: int = 0


def prepare() -> None:
    """The engine with policy variables, and with condition keys from the record alone."""
    iam_conditions._install_policy_variables()
    engine._resolve_condition_key = lambda key, call: call.keys.get(key.lower())


def listed(value) -> list:
    """A value of a policy as a list."""
    return value if isinstance(value, list) else [value]


def removals(statement: dict):
    """What can be taken out of a statement and leave one: its kind, its name, and the statement without it."""
    for kind in ("Action", "Resource"):
        values = listed(statement.get(kind, []))
        for value in values if len(values) > 1 else ():
            yield kind.lower(), value, statement | {kind: [one for one in values if one != value]}
    for operator, block in (statement.get("Condition") or {}).items():
        for key, values in block.items():
            for value in values if isinstance(values, list) and len(values) > 1 else ():
                without = copy.deepcopy(statement)
                without["Condition"][operator][key] = [one for one in values if one != value]
                yield "condition", f"{key}={value}", without


def parsed(statement: dict):
    """As the engine has it."""
    return engine.parse_policy_document({"Statement": [statement]})[0]


def allows(call: Recorded, statement) -> bool:
    """Whether this statement allows the call."""
    return engine._first_match(call, [statement], "Allow") is not None


def judged(roles: dict[str, list[dict]], decisions: list[dict]) -> Verdict:
    """Which parts of the roles' statements (by the role's ARN) recorded calls need. Roles of one name are one role: the same
    template, in several accounts."""
    verdict = Verdict(set(), set(), [])
    for arn, statements in roles.items():
        account, name = arn.split(":")[4], arn.rsplit("/", 1)[-1]

        def part(statement: dict, kind: str = "", value: str = "", name=name, account=account) -> Part:
            return Part(name, statement.get("Sid") or "without a name", kind, str(value).replace(account, "ACCOUNT"))

        allowing = []
        for statement in (one for one in statements if one["Effect"] == "Allow"):
            taken = [(part(statement, kind, value), parsed(without)) for kind, value, without in removals(statement)]
            allowing.append((part(statement), parsed(statement), taken))
            # What is attached is somebody else's to judge; a call that it allows needs nothing of the role's own.
            if not statement.get(ATTACHED):
                verdict.parts.update([part(statement), *(one for one, _ in taken)])
        everything = [[parsed(statement) for statement in statements]]
        for decision in decisions:
            if decision["role"] != arn or not decision["allowed"] or decision["own"] != "Allow":
                continue
            verdict.calls += 1
            call = Recorded(decision["action"], decision["resource"], decision["region"], decision["keys"])
            if engine._first_match(call, everything[0], "Deny") or not engine._first_match(call, everything[0], "Allow"):
                verdict.complaints.append(f"{name}: {call.action} on {call.resource_arn} was allowed, and is not: {call.keys}")
                continue
            matching = [one for one in allowing if allows(call, one[1])]
            if len(matching) == 1:
                whole, _, taken = matching[0]
                verdict.needed.add(whole)
                verdict.needed.update(one for one, without in taken if not allows(call, without))
    verdict.needed &= verdict.parts
    return verdict


def covers(reason: dict, part: Part) -> bool:
    """Whether a reason is for this part: a reason for a statement is for all of it. Values may have wildcards, as the role may."""
    if not fnmatch.fnmatchcase(part.role, reason["role"]) or part.statement != reason["statement"]:
        return False
    named = [kind for kind in ("action", "resource", "condition") if kind in reason]
    return not named or any(part.kind == kind and fnmatch.fnmatchcase(part.value, reason[kind]) for kind in named)


def excused(verdict: Verdict, reasons: list[dict], is_test) -> list[str]:
    """The complaints that remain: parts that nothing needs and no reason excuses, and reasons that are none."""
    unneeded = verdict.parts - verdict.needed
    whole = {(part.role, part.statement) for part in unneeded if not part.kind}
    complaints = list(verdict.complaints)
    for reason in reasons:
        said = " ".join(str(reason.get(name)) for name in ("role", "statement", "action", "resource", "condition") if name in reason)
        if set(reason) - FIELDS or not {"role", "statement", "why", "test"} <= set(reason):
            complaints.append(f"a reason has other fields than {sorted(FIELDS)}: {reason}")
        elif not any(covers(reason, part) for part in (verdict.parts if reason.get("sometimes") is True else unneeded)):
            complaints.append(f"a reason that nothing needs: {said}")
        elif not is_test(reason["test"]):
            complaints.append(f"no test is called {reason['test']}, which the reason for {said} names")
    for part in sorted(unneeded):
        # A statement that nothing needs is said once, and not for each of its parts.
        if part.kind and (part.role, part.statement) in whole:
            continue
        if not any(set(reason) <= FIELDS and covers(reason, part) for reason in reasons):
            complaints.append(f"no recorded call needs {part}")
    return complaints


def tests_of(root: pathlib.Path):
    """Whether a test of this name is in the repository."""
    folders = ("shared", "functions", "tests", "cli")
    source = "\n".join(
        path.read_text(encoding="utf-8") for folder in folders for kind in ("*.rs", "check_*.py") for path in (root / folder).rglob(kind)
    )
    return lambda name: bool(re.fullmatch(r"\w+", name)) and (f"fn {name}(" in source or f"def {name}(" in source)


def read_roles(endpoint: str, accounts: list[str]) -> dict[str, list[dict]]:
    """The statements of the roles that are judged, by ARN, as IAM has them."""
    import boto3

    roles: dict[str, list[dict]] = {}
    for account in accounts:
        iam = boto3.client(
            "iam", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=account, aws_secret_access_key=account
        )
        for path in PATHS:
            for role in iam.list_roles(PathPrefix=path)["Roles"]:
                name = role["RoleName"]
                documents = [
                    iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
                ]
                for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
                    arn = attached["PolicyArn"]
                    # An empty parameter of a template leaves an empty name here; AWS refuses it.
                    if not arn:
                        continue
                    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
                    documents.append({"Statement": [one | {ATTACHED: True} for one in listed(document["Statement"])]})
                statements = [one for document in documents for one in listed(document["Statement"])]
                # Denies that come and go with grants are not the role's own.
                roles[role["Arn"]] = [one for one in statements if one["Effect"] == "Allow" or one.get("Sid")]
    return roles


def main() -> None:
    """Judge, and say what is wrong; a failure if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", help="the local cloud, while it runs")
    parser.add_argument("--account", action="append", default=[], help="an account whose roles are judged")
    parser.add_argument("--roles", type=pathlib.Path, required=True, help="file of the roles: written, or read without --endpoint")
    parser.add_argument("--decisions", type=pathlib.Path, required=True, help="what LOCAL_CLOUD_DECISIONS named")
    parser.add_argument("--reasons", type=pathlib.Path, default=pathlib.Path(__file__).with_name("unused.yaml"))
    args = parser.parse_args()
    if args.endpoint:
        args.roles.write_text(json.dumps(read_roles(args.endpoint, args.account), indent=1))
    roles = json.loads(args.roles.read_text())
    decisions = [json.loads(line) for line in args.decisions.read_text(encoding="utf-8").splitlines()]
    prepare()
    verdict = judged(roles, decisions)
    complaints = excused(verdict, yaml.safe_load(args.reasons.read_text()) or [], tests_of(ROOT))
    statements = sum(not part.kind for part in verdict.parts)
    print(
        f"permissions: {len(roles)} roles, {statements} statements with {len(verdict.parts) - statements} actions, resources and "
        f"values; {verdict.calls} distinct calls need {len(verdict.needed)} of these {len(verdict.parts)}"
    )
    for complaint in complaints:
        print(f"  {complaint}", file=sys.stderr)
    if complaints or not verdict.calls:
        raise SystemExit(f"{len(complaints)} complaints about permissions")


if __name__ == "__main__":
    main()
