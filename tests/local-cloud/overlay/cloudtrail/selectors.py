"""Which trails want an event."""

from ministack.services import cloudtrail

_EVERY = {
    "AWS::S3::Object": ("arn:aws:s3", "arn:aws:s3:::"), "AWS::DynamoDB::Table": ("arn:aws:dynamodb",),
    "AWS::Lambda::Function": ("arn:aws:lambda",),
}
"""Values of a basic selector that mean all of a type."""


def wanting(event: dict, account: str) -> list[dict]:
    """The account's trails that log, cover the event's region, and whose selectors let it in."""
    found = []
    for region, name, trail in list(cloudtrail._account_trail_items(account)):
        covers = region == event["awsRegion"] or trail.get("IsMultiRegionTrail")
        if trail.get("IsLogging") and covers:
            chosen = cloudtrail._event_selectors.get_scoped(account, region, name) or cloudtrail._DEFAULT_EVENT_SELECTORS
            if any(_selects(one, event) for one in chosen):
                found.append(trail)
    return found


def _selects(selector: dict, event: dict) -> bool:
    if "FieldSelectors" in selector:
        return all(_field_matches(field, event) for field in selector["FieldSelectors"])
    wanted = selector.get("ReadWriteType", "All")
    if wanted != "All" and (wanted == "ReadOnly") != event["readOnly"]:
        return False
    if event["eventCategory"] == "Management":
        excluded = event["eventSource"] in selector.get("ExcludeManagementEventSources", [])
        return selector.get("IncludeManagementEvents", True) is not False and not excluded
    return any(_basic_resource(one, event) for one in selector.get("DataResources", []))


def _basic_resource(wanted: dict, event: dict) -> bool:
    """AWS: an S3 value is a prefix of `bucket/key`, others are whole ARNs; the ARN without its end means all."""
    kind = wanted.get("Type")
    if kind != event["_data"]:
        return False
    values = wanted.get("Values", [])
    if any(value in _EVERY.get(kind, ()) for value in values):
        return True
    prefix = kind == "AWS::S3::Object"
    return any(arn.startswith(value) if prefix else arn == value for arn in _arns(event) for value in values)


def _arns(event: dict) -> list[str]:
    touched = [one for one in event.get("resources", []) if one["type"] == event["_data"]]
    return [one.get("ARN") or one.get("ARNPrefix", "") for one in touched]


def _field_matches(field: dict, event: dict) -> bool:
    values = {
        "eventCategory": [event["eventCategory"]],
        "eventSource": [event["eventSource"]],
        "eventName": [event["eventName"]],
        "eventType": [event["eventType"]],
        "readOnly": [str(event["readOnly"]).lower()],
        "resources.type": [event["_data"]] if event["_data"] else [],
        "resources.ARN": _arns(event) if event["_data"] else [],
        "userIdentity.arn": [event["userIdentity"].get("arn", "")],
        "sessionCredentialFromConsole": [str(event.get("sessionCredentialFromConsole", "false")).lower()],
    }.get(field.get("Field"), [])
    positive = {
        "Equals": lambda value, one: value == one,
        "StartsWith": lambda value, one: value.startswith(one),
        "EndsWith": lambda value, one: value.endswith(one),
    }
    for operator, test in positive.items():
        given = field.get(operator)
        if given and not any(test(value, one) for value in values for one in given):
            return False
        refused = field.get(f"Not{operator}")
        if refused and any(test(value, one) for value in values for one in refused):
            return False
    return True
