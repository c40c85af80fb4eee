"""EventBridge Scheduler."""

import datetime
import json
import time

from checks.world import ACCOUNT, allow, refused, unique, until


def _in(seconds: float) -> str:
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return f"at({moment:%Y-%m-%dT%H:%M:%S})"


def _role(world) -> str:
    return world.service_role("scheduler", allow(["sqs:SendMessage", "lambda:InvokeFunction"]))


def _make(world, expression, target, **more) -> str:
    name = more.pop("Name", None) or unique("schedule")
    world.client("scheduler").create_schedule(
        Name=name, ScheduleExpression=expression, FlexibleTimeWindow=more.pop("FlexibleTimeWindow", {"Mode": "OFF"}),
        Target=target, **more,
    )
    return name


def a_due_schedule_invokes_its_function_and_is_gone(world):
    function = world.function()
    target = {
        "Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}", "RoleArn": _role(world),
        "Input": '{"requestId":"req_1","at":"<aws.scheduler.scheduled-time>"}',
    }
    due = int(time.time()) + 2
    expression = f"at({datetime.datetime.fromtimestamp(due, datetime.UTC):%Y-%m-%dT%H:%M:%S})"
    name = _make(world, expression, target, ActionAfterCompletion="DELETE")
    got = until(lambda: world.events(function))[0]
    assert got["event"] == {"requestId": "req_1", "at": expression[3:-1] + "Z"}, got
    assert 0 <= got["at"] - due < 1, f"{got['at'] - due:.2f} s late"
    until(lambda: not world.client("scheduler").list_schedules(NamePrefix=name)["Schedules"])


def a_zone_is_honoured(world):
    url, arn = world.queue()
    zone = datetime.timezone(datetime.timedelta(hours=9))
    moment = datetime.datetime.now(zone) + datetime.timedelta(seconds=1)
    target = {"Arn": arn, "RoleArn": _role(world), "Input": "{}"}
    _make(world, f"at({moment:%Y-%m-%dT%H:%M:%S})", target, ScheduleExpressionTimezone="Asia/Tokyo")
    until(lambda: world.messages(url))


def a_role_without_rights_delivers_nothing(world):
    (url, arn), (dead_url, dead_arn) = world.queue(), world.queue()
    dead = {"DeadLetterConfig": {"Arn": dead_arn}, "RetryPolicy": {"MaximumRetryAttempts": 0}}
    burying = world.service_role("scheduler", allow("sqs:SendMessage", dead_arn))
    _make(world, _in(1), {"Arn": arn, "RoleArn": burying, "Input": "{}", **dead})
    _make(world, _in(1), {"Arn": arn, "RoleArn": world.service_role("lambda", allow("*")), "Input": "{}", **dead})
    buried = until(lambda: len(found := world.messages(dead_url)) == 2 and found)
    assert "X-Amz-Scheduler-Error-Message" in buried[0]["MessageAttributes"], buried
    assert not world.messages(url)


def a_lost_target_is_tried_again_then_buried(world):
    dead_url, dead_arn = world.queue()
    target = {
        "Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:nobody", "RoleArn": _role(world), "Input": '{"requestId":"x"}',
        "DeadLetterConfig": {"Arn": dead_arn}, "RetryPolicy": {"MaximumRetryAttempts": 1},
    }
    _make(world, _in(1), target)
    buried = until(lambda: world.messages(dead_url))[0]
    assert json.loads(buried["Body"]) == {"requestId": "x"}
    assert buried["MessageAttributes"]["X-Amz-Scheduler-Attempt"]["StringValue"] == "2"


def a_changed_schedule_fires_again(world):
    url, arn = world.queue()
    target = {"Arn": arn, "RoleArn": _role(world), "Input": '"first"'}
    name = _make(world, _in(1), target)
    until(lambda: world.messages(url))
    world.client("scheduler").update_schedule(
        Name=name, ScheduleExpression=_in(1), FlexibleTimeWindow={"Mode": "OFF"}, Target={**target, "Input": '"second"'}
    )
    until(lambda: any("second" in message["Body"] for message in world.messages(url)))


def making_it_twice_is_one(world):
    _, arn = world.queue()
    target, far, name = {"Arn": arn, "RoleArn": _role(world), "Input": "1"}, _in(3_600), unique("twice")
    _make(world, far, target, Name=name, ClientToken="one")
    _make(world, far, target, Name=name, ClientToken="one")
    refused("ConflictException", _make, world, far, target, Name=name, ClientToken="two")
    refused("ConflictException", _make, world, far, {**target, "Input": "2"}, Name=name, ClientToken="one")


def impossible_schedules_are_refused(world):
    _, arn = world.queue()
    target = {"Arn": arn, "RoleArn": _role(world), "Input": "1"}
    for expression in ("at(2099-13-45)", "rate(0 minutes)", _in(-120)):
        refused("ValidationException", _make, world, expression, target)
    refused("ValidationException", _make, world, _in(60), target, ScheduleExpressionTimezone="Mars/Base")
    refused("ValidationException", _make, world, _in(60), target, Name="n" * 65)
    refused("ValidationException", _make, world, _in(60), target, FlexibleTimeWindow={"Mode": "FLEXIBLE"})
    ghost = {**target, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/nobody"}
    refused("ValidationException", _make, world, _in(60), ghost)
    refused("ResourceNotFoundException", _make, world, _in(60), target, GroupName="nobody")


def lists_come_in_pages(world):
    scheduler, group = world.client("scheduler"), unique("group")
    scheduler.create_schedule_group(Name=group)
    _, arn = world.queue()
    for _ in range(3):
        _make(world, _in(3_600), {"Arn": arn, "RoleArn": _role(world), "Input": "1"}, GroupName=group)
    first = scheduler.list_schedules(GroupName=group, MaxResults=2)
    rest = scheduler.list_schedules(GroupName=group, MaxResults=2, NextToken=first["NextToken"])
    assert (len(first["Schedules"]), len(rest["Schedules"])) == (2, 1) and "NextToken" not in rest
    assert "_generation" not in scheduler.get_schedule(Name=first["Schedules"][0]["Name"], GroupName=group)
