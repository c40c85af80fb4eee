"""Functions, and what calls them: the HTTP API and the bus. Some of these hold on MiniStack alone; they guard upgrades."""

import base64
import json

from checks.world import ACCOUNT, ASSUME, allow, refused, trusting, unique, until


def a_function_knows_its_logging_and_has_the_roles_identity(world):
    function = world.function(allow("sqs:ListQueues"), LoggingConfig={"LogFormat": "JSON", "LogGroup": "/aws/lambda/x"})
    functions = world.client("lambda")
    told = json.loads(functions.invoke(FunctionName=function, Payload=b'{"do":"environment"}')["Payload"].read())
    assert (told["AWS_LAMBDA_LOG_FORMAT"], told["AWS_LAMBDA_LOG_GROUP_NAME"]) == ("JSON", "/aws/lambda/x"), told
    keys = (told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"], told["AWS_SESSION_TOKEN"])
    identity = world.client("sts", keys).get_caller_identity()
    assert identity["UserId"].startswith("AROA") and identity["UserId"].endswith(f":{function}"), identity
    world.client("sqs", keys).list_queues()
    refused("AccessDenied", world.client("iam", keys).list_roles)


def a_function_that_starts_is_told_where_aws_is(world):
    def told(function):
        answer = world.client("lambda").invoke(FunctionName=function, Payload=b'{"do":"environment"}')
        return json.loads(answer["Payload"].read())["AWS_ENDPOINT_URL"]

    before, file = world.function(), world.folder / "endpoint"
    assert told(before) == world.endpoint
    file.write_text("http://127.0.0.1:9\n", encoding="utf-8")
    try:
        assert told(world.function()) == "http://127.0.0.1:9"
        assert told(before) == world.endpoint
    finally:
        file.unlink()


def a_function_assumes_roles_for_an_hour_at_most(world):
    function = world.function(ASSUME)
    told = json.loads(world.client("lambda").invoke(FunctionName=function, Payload=b'{"do":"environment"}')["Payload"].read())
    keys = (told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"], told["AWS_SESSION_TOKEN"])
    own = world.client("lambda").get_function_configuration(FunctionName=function)["Role"]
    role = world.role(trusting(own), MaxSessionDuration=43_200)
    world.assume(keys, role, DurationSeconds=3_600)
    refused("ValidationError", world.assume, keys, role, DurationSeconds=3_601)


def _api(world, authorization: str) -> tuple[str, str]:
    """An HTTP API with one route to an echoing function: its id and its base address."""
    gateway, function = world.client("apigatewayv2"), world.function()
    api = gateway.create_api(Name=unique("api"), ProtocolType="HTTP")["ApiId"]
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}"
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    gateway.create_route(
        ApiId=api, RouteKey="POST /v1/requests/{id}/approve", Target=f"integrations/{integration}", AuthorizationType=authorization
    )
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return api, f"{world.endpoint}/_aws/execute-api/{api}"


def the_api_knows_who_signed(world):
    api, base = _api(world, "AWS_IAM")
    url = f"{base}/v1/requests/req_1/approve?a=b"
    invoke = allow("execute-api:Invoke", f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{api}/*")
    keys, arn = world.user(invoke, ASSUME)
    status, text = world.http("POST", url, b"{}", {"content-type": "application/json"}, keys)
    assert status == 200, (status, text)
    event = json.loads(text)
    assert event["requestContext"]["authorizer"]["iam"]["userArn"] == arn and event["isBase64Encoded"] is False, event
    assert event["pathParameters"] == {"id": "req_1"} and event["rawPath"] == "/v1/requests/req_1/approve", event
    role = world.role(trusting(arn), invoke)
    session = world.assume(keys, role, "dave@example.com")
    status, text = world.http("POST", url, b"{}", keys=session["Credentials"])
    assert status == 200, (status, text)
    iam = json.loads(text)["requestContext"]["authorizer"]["iam"]
    assert iam["userArn"] == session["AssumedRoleUser"]["Arn"] and iam["userId"].endswith(":dave@example.com"), iam


def the_api_refuses_who_may_not(world):
    api, base = _api(world, "AWS_IAM")
    url = f"{base}/v1/requests/req_1/approve"
    keys, _ = world.user(allow("execute-api:Invoke"))
    stranger, _ = world.user()
    elsewhere, _ = world.user(allow("execute-api:Invoke", f"arn:aws:execute-api:us-east-1:{ACCOUNT}:other/*"))
    assert world.http("POST", url, b"{}")[0] == 403
    for who in (stranger, elsewhere, (keys[0], keys[1] + "x", None)):
        assert world.http("POST", url, b"{}", keys=who)[0] == 403, who
    assert world.http("POST", url, b"{}", keys=keys)[0] == 200
    assert api


def a_form_arrives_as_base64(world):
    _, base = _api(world, "NONE")
    body = "text=a%2Bb&name=\u00e9".encode()
    status, text = world.http(
        "POST", f"{base}/v1/requests/x/approve", body, {"content-type": "application/x-www-form-urlencoded", "X-Slack-Signature": "v0=1"}
    )
    event = json.loads(text)
    assert status == 200 and event["isBase64Encoded"] is True and base64.b64decode(event["body"]) == body, event
    assert event["headers"]["x-slack-signature"] == "v0=1"


def the_bus_calls_a_function_and_tells_when_it_fails(world):
    url, arn = world.queue()
    function, events, bus = world.function(), world.client("events"), unique("bus")
    events.create_event_bus(Name=bus)
    events.put_rule(Name="r", EventBusName=bus, EventPattern=json.dumps({"detail-type": ["provisioningStarted"]}))
    target = {"Id": "f", "Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}", "InputPath": "$.detail"}
    events.put_targets(Rule="r", EventBusName=bus, Targets=[target])
    world.client("lambda").put_function_event_invoke_config(
        FunctionName=function, MaximumRetryAttempts=2, DestinationConfig={"OnFailure": {"Destination": arn}}
    )

    def put(detail_type, detail):
        entry = {"EventBusName": bus, "Source": "countersign", "DetailType": detail_type, "Detail": json.dumps(detail)}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    put("requestSubmitted", {"requestId": "no"})
    put("provisioningStarted", {"requestId": "yes"})
    until(lambda: world.events(function))
    put("provisioningStarted", {"do": "fail"})
    told = json.loads(until(lambda: world.messages(url))[0]["Body"])
    assert told["requestPayload"] == {"do": "fail"}, told
    assert [one["event"] for one in world.events(function)] == [{"requestId": "yes"}] + [{"do": "fail"}] * 3


def what_lambda_does_by_a_functions_role_the_role_must_allow(world):
    (url, arn), logs = world.queue(), world.client("logs")
    given_up = {"MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": arn}}}
    bare = world.function(role=world.service_role("lambda", allow("sqs:ListQueues")))
    full = world.function()
    for function in (bare, full):
        world.client("lambda").put_function_event_invoke_config(FunctionName=function, **given_up)
        world.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b'{"do":"fail"}')
        until(lambda function=function: world.events(function))
    told = until(lambda: world.messages(url))
    assert [json.loads(one["Body"])["requestContext"]["functionArn"].rsplit(":", 1)[-1] for one in told] == [full], told
    groups = [one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]]
    assert f"/aws/lambda/{full}" in groups and f"/aws/lambda/{bare}" not in groups, groups
