"""The judge of permissions, and the record that it judges by."""

import json

import judge

from checks.world import ACCOUNT, ASSUME, allow, deny, refused, trusting, unique

ROLE = f"arn:aws:iam::{ACCOUNT}:role/countersign-system/countersign-x"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t"


def _call(action: str, resource: str = TABLE, allowed: bool = True, **keys) -> dict:
    return {
        "role": ROLE, "action": action, "resource": resource, "region": "us-east-1", "keys": keys, "own": "Allow", "allowed": allowed,
    }


def _named(sid: str, statement: dict) -> dict:
    return {"Sid": sid} | statement


def _unneeded(statements: list[dict], *calls: dict) -> list[str]:
    judge.prepare()
    verdict = judge.judged({ROLE: statements}, list(calls))
    assert not verdict.complaints, verdict.complaints
    return sorted(f"{part.statement} {part.kind} {part.value}".strip() for part in verdict.parts - verdict.needed)


def a_statement_that_no_call_needs_is_found(_world):
    read, write = _named("Read", allow("dynamodb:GetItem", TABLE)), _named("Write", allow("dynamodb:PutItem", TABLE))
    assert _unneeded([read, write], _call("dynamodb:GetItem")) == ["Write"]
    assert _unneeded([read, write], _call("dynamodb:GetItem"), _call("dynamodb:PutItem")) == []
    # A call that was denied needs nothing.
    assert _unneeded([read], _call("dynamodb:GetItem", allowed=False)) == ["Read"]
    # What two statements allow, needs neither.
    assert _unneeded([read, _named("Again", allow("dynamodb:Get*", "*"))], _call("dynamodb:GetItem")) == ["Again", "Read"]


def an_action_a_resource_and_a_listed_value_are_found(_world):
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["REQ#*", "LOG"]}}
    both = _named("Both", allow(["dynamodb:GetItem", "dynamodb:Query"], [TABLE, f"{TABLE}/index/i"], Condition=condition))
    call = _call("dynamodb:GetItem", **{"dynamodb:leadingkeys": ["REQ#1"]})
    assert _unneeded([both], call) == [
        "Both action dynamodb:Query", "Both condition dynamodb:LeadingKeys=LOG",
        "Both resource arn:aws:dynamodb:us-east-1:ACCOUNT:table/t/index/i",
    ]
    query = _call("dynamodb:Query", f"{TABLE}/index/i", **{"dynamodb:leadingkeys": ["LOG"]})
    assert _unneeded([both], call, query) == []


def what_is_attached_is_not_judged(_world):
    read = _named("Read", allow("dynamodb:GetItem", TABLE))
    assert _unneeded([read, _named("Also", allow("dynamodb:*")) | {judge.ATTACHED: True}], _call("dynamodb:GetItem")) == ["Read"]
    assert _unneeded([_named("Also", allow("dynamodb:*")) | {judge.ATTACHED: True}], _call("dynamodb:GetItem")) == []


def variables_are_those_of_the_call(_world):
    own = _named("Own", allow("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/countersign/${{aws:SourceIdentity}}"))
    role = f"arn:aws:iam::{ACCOUNT}:role/countersign/req_1"
    assert _unneeded([own], _call("iam:GetRole", role, **{"aws:sourceidentity": "req_1"})) == []


def a_record_of_other_roles_is_noticed(_world):
    judge.prepare()
    for statements in ([_named("Read", allow("dynamodb:Query", TABLE))], [_named("R", allow("*")), _named("D", deny("*"))]):
        verdict = judge.judged({ROLE: statements}, [_call("dynamodb:GetItem")])
        assert len(verdict.complaints) == 1, verdict.complaints


def reasons_are_for_what_is_there_and_name_a_test(_world):
    judge.prepare()
    statements = [_named("Read", allow(["dynamodb:GetItem", "dynamodb:Query"], TABLE)), _named("Write", allow("dynamodb:PutItem", TABLE))]
    verdict = judge.judged({ROLE: statements}, [_call("dynamodb:GetItem")])

    def complaints(*reasons):
        return len(judge.excused(verdict, [dict(one) for one in reasons], lambda name: name == "a_test"))

    because = {"why": "a fault", "test": "a_test"}
    query = {"role": "countersign-x", "statement": "Read", "action": "dynamodb:Query"} | because
    write = {"role": "countersign-*", "statement": "Write"} | because
    assert complaints() == 2
    assert complaints(query, write) == 0
    assert complaints(query, write, query | {"action": "dynamodb:GetItem"}) == 1
    # What only timing decides may be needed after all, and has to be there.
    sometimes = query | {"action": "dynamodb:GetItem", "sometimes": True}
    assert complaints(query, write, sometimes) == 0
    assert complaints(query, write, sometimes | {"action": "dynamodb:Scan"}) == 1
    assert complaints(query, write, sometimes | {"sometimes": "no"}) == 1
    assert complaints(query, write | {"test": "gone"}) == 1
    assert complaints(query, {key: value for key, value in write.items() if key != "test"}) == 1


def _at(second: int) -> str:
    return f"2026-11-22T02:10:{second:02}Z"


def decisions_of_different_requests_are_one(_world):
    from overlay import decisions

    def line(number: int) -> str:
        keys = {"dynamodb:leadingkeys": [f"REQ#req_{number:032x}", f"OUT#req_{number:032x}"], "aws:tokenissuetime": _at(number)}
        return decisions._same({"role": ROLE, "action": "dynamodb:PutItem", "resource": stream, "keys": keys})

    stream = f"{TABLE}/stream/2026-11-22T02:10:31.123"

    assert line(1) == line(2)
    assert json.loads(line(1))["resource"] == stream
    assert json.loads(line(1))["keys"]["dynamodb:leadingkeys"] == ["OUT#req_" + 32 * "0", "REQ#req_" + 32 * "0"]


def every_decision_on_a_role_of_the_system_is_on_record(world):
    keys, arn = world.user(ASSUME)
    condition = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
    may = [_named("List", allow("sqs:ListQueues", Condition=condition)), _named("Roles", allow("iam:ListRoles"))]
    role = world.role(trusting(arn), *may, name=unique("system"), Path="/countersign-system/")
    other = world.role(trusting(arn), *may)
    for entered in (role, other):
        session = world.assume(keys, entered)["Credentials"]
        for _ in range(2):
            world.client("sqs", session).list_queues()
            refused("AccessDenied", world.client("iam", session).list_users)
    lines = [json.loads(line) for line in (world.folder / "decisions").read_text(encoding="utf-8").splitlines()]
    found = {one["action"]: one for one in lines if one["role"] == role}
    assert len([one for one in lines if one["role"] in (role, other)]) == 2, lines
    assert found["sqs:ListQueues"]["allowed"] and not found["iam:ListUsers"]["allowed"], found
    assert found["sqs:ListQueues"]["keys"] == {"aws:principalaccount": ACCOUNT}, found
    judge.prepare()
    verdict = judge.judged({role: may}, lines)
    assert [part.statement for part in verdict.parts - verdict.needed] == ["Roles"] and not verdict.complaints, verdict
