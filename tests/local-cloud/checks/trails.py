"""Trails for the checks: one at a time, so that a check sees only what its own trail asks for."""

import contextlib
import dataclasses
import gzip
import json
import time

from botocore.exceptions import ClientError

from checks.world import World, unique


@dataclasses.dataclass
class Trail:
    """A trail that logs, and the bucket it delivers to."""

    world: World
    name: str
    bucket: str

    def objects(self, part: str = "/CloudTrail/") -> list[str]:
        """Keys of what was delivered."""
        listed = self.world.client("s3").list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return [one["Key"] for one in listed if part in one["Key"]]

    def read(self, key: str) -> dict:
        """A file's JSON."""
        return json.loads(gzip.decompress(self.world.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()))

    def records(self, wanted) -> list[dict]:
        """Delivered records for which `wanted` is true."""
        return [one for key in self.objects() for one in self.read(key)["Records"] if wanted(one)]


@contextlib.contextmanager
def logging_trail(world: World, basic: list | None = None, advanced: list | None = None, **more):
    """A trail of every region that logs while the check runs."""
    cloudtrail, name, bucket = world.client("cloudtrail"), unique("trail"), unique("bucket")
    world.client("s3").create_bucket(Bucket=bucket)
    cloudtrail.create_trail(Name=name, S3BucketName=bucket, IsMultiRegionTrail=True, **more)
    if basic:
        cloudtrail.put_event_selectors(TrailName=name, EventSelectors=basic)
    if advanced:
        cloudtrail.put_event_selectors(TrailName=name, AdvancedEventSelectors=advanced)
    cloudtrail.start_logging(Name=name)
    try:
        yield Trail(world, name, bucket)
    finally:
        cloudtrail.delete_trail(Name=name)


def looked_up(world: World, key: str, value: str, keys=None, **more) -> list[dict]:
    """LookupEvents' events, at its pace of two calls a second."""
    client, found = world.client("cloudtrail", *([keys] if keys else [])), []
    question = {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}], **more}
    while True:
        try:
            page = client.lookup_events(**question)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ThrottlingException":
                raise
            time.sleep(0.5)
            continue
        found += page["Events"]
        if "NextToken" not in page:
            return found
        question["NextToken"] = page["NextToken"]


def rule(world: World, pattern: dict, state: str = "ENABLED") -> str:
    """A rule of the default bus that sends what matches to a queue: the queue's URL."""
    url, arn = world.queue()
    events, name = world.client("events"), unique("rule")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), State=state)
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])
    return url
