"""Lints the templates and every policy: those of the templates, and those that Countersign writes for grants.

cfn-lint judges the templates as they are and after the SAM transform; parliament and cloudsplaining judge each policy of them,
rendered with least and with most parameters, and each document in `documents/`, which a test of tests/contracts keeps to what
the code makes. What they find is a failure unless `accepted.yaml` has a reason for it; a reason for nothing is one as well.
"""

import fnmatch
import json
import pathlib
import subprocess
import sys
import tempfile

import yaml

import rendered

HERE = pathlib.Path(__file__).parent
TEMPLATES = ("template.yaml", "infra/spoke.yaml", "infra/log-archive.yaml")
FIELDS = {"where", "finding", "about", "why"}
MOST_NAMED, EVERYTHING = 20, 1_000
"""How many findings of a kind are named one by one, and how many are all there are."""
A_ROLE = "arn:aws:iam::111111111111:role/countersign/some"
HARMLESS = ("INFO", "MUTED")
"""Severities of parliament that are no findings."""


def of_templates(folder: pathlib.Path):
    """What cfn-lint finds: the template, and its lines."""
    files = []
    for template in TEMPLATES:
        path = folder / (template.replace("/", "-") + ".json")
        path.write_text(json.dumps(rendered.translated(rendered.ROOT / template)))
        files += [(template, rendered.ROOT / template), (f"{template} after the transform", path)]
    for name, path in files:
        ran = subprocess.run(
            [pathlib.Path(sys.executable).with_name("cfn-lint"), "--format", "json", "--regions", rendered.REGION, "--", path],
            capture_output=True, text=True, check=False,
        )
        if ran.stderr:
            raise SystemExit(f"cfn-lint failed on {name}: {ran.stderr}")
        for found in json.loads(ran.stdout or "[]"):
            line = found["Location"]["Start"]["LineNumber"]
            place = "/".join(map(str, found["Location"]["Path"] or [line]))
            yield name, found["Rule"]["Id"], f"{place}: {found['Message']}"


def subjects():
    """Every policy: what it is called, its kind, its document."""
    seen = set()
    for template in TEMPLATES:
        translated = rendered.translated(rendered.ROOT / template)
        for size, given in rendered.PARAMETERS.items():
            if template == "template.yaml" and size == "least":
                # Then the hub has a bucket of its own for anchors.
                given = {name: value for name, value in given.items() if name != "AnchorBucket"}
            for name, kind, document in rendered.Rendered(translated, given).policies():
                text = json.dumps(document)
                if (template, name, text) not in seen:
                    seen.add((template, name, text))
                    yield f"{template}:{name}", kind, document
    for path in sorted((HERE / "documents").glob("*.json")):
        kind = "trust" if path.stem.startswith("trust") else "identity"
        yield f"documents/{path.name}", kind, json.loads(path.read_text())


def by_parliament(name: str, kind: str, document: dict):
    """What parliament finds in a policy."""
    from parliament import analyze_policy_string, enhance_finding

    # It knows no policies of roles' trust: these have no resource, for it is the role.
    if kind == "trust":
        document = {**document, "Statement": [{"Resource": A_ROLE} | one for one in document["Statement"]]}
    for finding in analyze_policy_string(json.dumps(document)).findings:
        finding = enhance_finding(finding)
        if finding.severity not in HARMLESS:
            location = {key: value for key, value in finding.location.items() if key not in ("line", "column", "filepath")}
            yield name, finding.issue, f"{finding.detail or ''} {location or ''}".strip()


def by_cloudsplaining(name: str, kind: str, document: dict):
    """What cloudsplaining finds in a policy of an identity."""
    from cloudsplaining.scan.policy_document import PolicyDocument

    if kind != "identity":
        return
    policy = PolicyDocument(document)
    for way in policy.allows_privilege_escalation:
        yield name, "PRIVILEGE_ESCALATION", f"{way['type']}: {', '.join(way['actions'])}"
    for finding, found in {
        "DATA_EXFILTRATION": policy.allows_data_exfiltration_actions,
        "PERMISSIONS_MANAGEMENT": policy.permissions_management_without_constraints,
        "INFRASTRUCTURE_MODIFICATION": policy.infrastructure_modification,
        "CREDENTIALS_EXPOSURE": policy.credentials_exposure,
        "SERVICE_WILDCARD": policy.service_wildcard,
    }.items():
        # Of an Allow on everything it finds each action of AWS.
        for one in found if len(found) <= MOST_NAMED else [f"{len(found)} actions" if len(found) < EVERYTHING else "everything"]:
            yield name, finding, str(one)
    if policy.contains_statement_using_not_action:
        yield name, "NOT_ACTION", str(policy.contains_statement_using_not_action)


def by_us(name: str, kind: str, document: dict):
    """Who is let in: never everybody, and a service only for a purpose of ours."""
    if kind == "identity":
        return
    for statement in document["Statement"]:
        principal = statement.get("Principal")
        values = [principal] if isinstance(principal, str) else [one for value in (principal or {}).values() for one in ([value] if isinstance(value, str) else value)]
        if statement["Effect"] == "Allow" and (not values or "*" in values or "NotPrincipal" in statement):
            yield name, "EVERYBODY", statement.get("Sid", "")
        if statement["Effect"] != "Allow" or not isinstance(principal, dict) or "Service" not in principal:
            continue
        keys = {key.lower() for block in statement.get("Condition", {}).values() for key in block}
        if not keys & {"aws:sourcearn", "aws:sourceaccount"}:
            yield name, "CONFUSED_DEPUTY", principal["Service"]


def accepted(findings: list[tuple[str, str, str]], reasons: list[dict]) -> list[str]:
    """The complaints that remain: findings without a reason, and reasons without a finding."""
    complaints, used = [], set()
    for where, finding, about in findings:
        fits = [
            number for number, reason in enumerate(reasons)
            if set(reason) == FIELDS and reason["finding"] == finding and fnmatch.fnmatchcase(where, reason["where"])
            and fnmatch.fnmatchcase(about, reason["about"])
        ]
        used.update(fits)
        if not fits:
            complaints.append(f"{where}: {finding} {about}")
    complaints += [f"a reason that nothing needs: {reason}" for number, reason in enumerate(reasons) if number not in used]
    return complaints


def main() -> None:
    """Lint everything, and say what is wrong; a failure if anything is."""
    with tempfile.TemporaryDirectory() as folder:
        findings = list(of_templates(pathlib.Path(folder)))
    policies = list(subjects())
    for policy in policies:
        for judge in (by_parliament, by_cloudsplaining, by_us):
            findings += judge(*policy)
    findings = sorted(set(findings))
    complaints = accepted(findings, yaml.safe_load((HERE / "accepted.yaml").read_text()) or [])
    for complaint in complaints:
        print(f"  {complaint}", file=sys.stderr)
    print(f"linters: {len(TEMPLATES)} templates, {len(policies)} policies, {len(findings)} findings, {len(complaints)} without a reason")
    if complaints or len(policies) < 30:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
