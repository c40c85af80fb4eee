"""The trail: one bucket in the hub's account, and in every account a trail that delivers into it."""

import json

BUCKET = "countersign-trail"
NAME = "organization"
PREFIX = ""
DATA_EVENTS = "AWS::S3::Object"
"""What of data events is recorded of every resource there is; of tables it is one each."""


def deliver(client, hub: str, tables: dict[str, str], region: str, without: list[str]) -> None:
    """Trails of all regions, with log file validation, for each account in `tables` (account -> its sample table).

    Besides management events they have data events of that table and of all objects but those of the trail's own bucket
    and those whose bucket and key begin with one of `without`: a function that reads trail files must not make more of
    them. Countersign's own table is in no trail.
    """
    _bucket(client("s3", None), hub, list(tables), region)
    for account, table in tables.items():
        cloudtrail = client("cloudtrail", None if account == hub else account)
        try:
            cloudtrail.create_trail(
                Name=NAME, S3BucketName=BUCKET, IsMultiRegionTrail=True, EnableLogFileValidation=True,
                IncludeGlobalServiceEvents=True,
            )
        except cloudtrail.exceptions.TrailAlreadyExistsException:
            pass
        cloudtrail.put_event_selectors(TrailName=NAME, AdvancedEventSelectors=[
            _selector("management events", eventCategory={"Equals": ["Management"]}),
            _selector(
                "objects", eventCategory={"Equals": ["Data"]},
                **{"resources.type": {"Equals": ["AWS::S3::Object"]}, "resources.ARN": {
                    "NotStartsWith": [f"arn:aws:s3:::{begin}" for begin in (f"{BUCKET}/", *without)],
                }},
            ),
            _selector(
                "the sample table", eventCategory={"Equals": ["Data"]},
                **{"resources.type": {"Equals": ["AWS::DynamoDB::Table"]}, "resources.ARN": {
                    "Equals": [f"arn:aws:dynamodb:{region}:{account}:table/{table}"],
                }},
            ),
        ])
        cloudtrail.start_logging(Name=NAME)


def _selector(name: str, **fields: dict) -> dict:
    return {"Name": name, "FieldSelectors": [{"Field": field, **test} for field, test in fields.items()]}


def _bucket(s3, hub: str, accounts: list[str], region: str) -> None:
    """The bucket, that these accounts' trails alone may write to, and that tells EventBridge of each file."""
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET)
    arn, service = f"arn:aws:s3:::{BUCKET}", {"Service": "cloudtrail.amazonaws.com"}
    trails = {"aws:SourceArn": [f"arn:aws:cloudtrail:{region}:{account}:trail/{NAME}" for account in accounts]}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {
            "Sid": "Look", "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": arn,
            "Condition": {"StringEquals": trails},
        },
        {
            "Sid": "Deliver", "Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
            "Resource": [f"{arn}/AWSLogs/{account}/*" for account in accounts],
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", **trails}},
        },
    ]}))
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, ExpectedBucketOwner=hub, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
