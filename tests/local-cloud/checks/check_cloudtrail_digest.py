"""CloudTrail's digest files, read as its documentation says they are to be validated."""

import datetime
import gzip
import hashlib
import json
import urllib.error
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from checks.trails import logging_trail
from checks.world import refused, until

HOUR = datetime.timedelta(hours=1)


def _close(world, trail, at=None) -> list[dict]:
    query = f"?until={at:%Y-%m-%dT%H:%M:%SZ}" if at else ""
    request = urllib.request.Request(f"{world.endpoint}/_local/cloudtrail/digest{query}", method="POST", data=b"")
    with urllib.request.urlopen(request) as answer:
        made = json.loads(answer.read())["digests"]
    return [one["digest"] for one in made if one["trail"].endswith(f"/{trail.name}")]


def _validated(world, trail, key) -> dict:
    """A digest whose signature and log files are right; fails otherwise."""
    s3, cloudtrail = world.client("s3"), world.client("cloudtrail")
    got = s3.get_object(Bucket=trail.bucket, Key=key)
    text = gzip.decompress(got["Body"].read())
    digest = json.loads(text)
    assert (digest["digestS3Bucket"], digest["digestS3Object"]) == (trail.bucket, key), digest
    assert got["Metadata"]["signature-algorithm"] == digest["digestSignatureAlgorithm"] == "SHA256withRSA"
    listed = cloudtrail.list_public_keys(StartTime=digest["digestStartTime"], EndTime=digest["digestEndTime"])
    value = next(one["Value"] for one in listed["PublicKeyList"] if one["Fingerprint"] == digest["digestPublicKeyFingerprint"])
    # The DER of PKCS #1, as AWS documents it: no SubjectPublicKeyInfo around it.
    public = serialization.load_der_public_key(value)
    assert value == public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    assert public.key_size == 2048
    signed = "\n".join([
        digest["digestEndTime"], f"{trail.bucket}/{key}", hashlib.sha256(text).hexdigest(),
        digest["previousDigestSignature"] or "null",
    ])
    signature = bytes.fromhex(got["Metadata"]["signature"])
    public.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    try:
        public.verify(signature, f"x{signed}".encode(), padding.PKCS1v15(), hashes.SHA256())
        raise AssertionError("the signature is of anything")
    except InvalidSignature:
        pass
    for one in digest["logFiles"]:
        file = gzip.decompress(s3.get_object(Bucket=one["s3Bucket"], Key=one["s3Object"])["Body"].read())
        assert hashlib.sha256(file).hexdigest() == one["hashValue"] and one["hashAlgorithm"] == "SHA-256", one
        times = [record["eventTime"] for record in json.loads(file)["Records"]]
        assert (min(times), max(times)) == (one["oldestEventTime"], one["newestEventTime"]), one
    return digest | {"_signature": got["Metadata"]["signature"], "_hash": hashlib.sha256(text).hexdigest()}


def _time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def what_was_delivered_is_signed_and_chained(world):
    now = datetime.datetime.now(datetime.UTC)
    with logging_trail(world, EnableLogFileValidation=True, S3KeyPrefix="some/where") as trail:
        world.client("iam").list_roles()
        keys = _close(world, trail, now + HOUR)
        delivered = trail.objects()
        assert len(keys) == 2, keys
        first, second = (_validated(world, trail, key) for key in keys)
        folder = "some/where/AWSLogs/111111111111/CloudTrail-Digest/us-east-1/"
        name = f"111111111111_CloudTrail-Digest_us-east-1_{trail.name}_us-east-1_{_time(first['digestEndTime']):%Y%m%dT%H%M%SZ}"
        assert keys[0] == f"{folder}{_time(first['digestEndTime']):%Y/%m/%d}/{name}.json.gz", keys
        assert _time(first["digestStartTime"]) <= now < _time(first["digestEndTime"]), first
        assert _time(first["digestEndTime"]) - _time(first["digestStartTime"]) == HOUR, first
        assert first["digestEndTime"].endswith(":00:00Z"), first
        assert [one["s3Object"] for one in first["logFiles"]] == delivered, first
        assert first["oldestEventTime"] <= first["newestEventTime"], first
        # The first of all names none before it; an hour without calls has a digest too.
        assert all(first[name] is None for name in first if name.startswith("previous")), first
        assert second["logFiles"] == [] and second["newestEventTime"] is None and second["oldestEventTime"] is None, second
        assert second["digestStartTime"] == first["digestEndTime"], second
        assert second["previousDigestS3Object"] == keys[0] and second["previousDigestS3Bucket"] == trail.bucket, second
        assert second["previousDigestHashValue"] == first["_hash"], second
        assert second["previousDigestSignature"] == first["_signature"], second
        # What comes after is in the next.
        world.client("iam").list_users()
        keys = _close(world, trail)
        assert len(keys) == 1 and not _close(world, trail), "nothing new, and the hour is closed"
        third = _validated(world, trail, keys[0])
        assert third["digestStartTime"] == second["digestEndTime"] and third["logFiles"], third


def a_trail_without_validation_has_none(world):
    with logging_trail(world) as trail:
        world.client("iam").list_roles()
        until(trail.objects)
        assert not _close(world, trail) and not trail.objects("CloudTrail-Digest")
        world.client("cloudtrail").update_trail(Name=trail.name, EnableLogFileValidation=True)
        assert _close(world, trail)


def stopped_and_started_again_a_new_chain_begins(world):
    cloudtrail = world.client("cloudtrail")
    with logging_trail(world, EnableLogFileValidation=True) as trail:
        first = _close(world, trail)[0]
        cloudtrail.stop_logging(Name=trail.name)
        last = _validated(world, trail, until(lambda: trail.objects("CloudTrail-Digest")[1:])[0])
        assert last["previousDigestS3Object"] == first and len(last["logFiles"]) == 1, last
        names = [one["eventName"] for one in trail.read(last["logFiles"][0]["s3Object"])["Records"]]
        assert names[-1] == "StopLogging", names
        assert not _close(world, trail), "nothing is delivered that a digest could be of"
        cloudtrail.start_logging(Name=trail.name)
        again = _validated(world, trail, until(lambda: _close(world, trail, datetime.datetime.now(datetime.UTC) + 3 * HOUR))[0])
        assert again["previousDigestSignature"] is None and again["digestStartTime"] == last["digestEndTime"], again


def keys_are_of_a_time_range(world):
    cloudtrail, now = world.client("cloudtrail"), datetime.datetime.now(datetime.UTC)
    found = cloudtrail.list_public_keys()["PublicKeyList"]
    assert len(found) == 1 and found[0]["ValidityStartTime"] <= now < found[0]["ValidityEndTime"], found
    # AWS gives examples of keys and their fingerprints: they are the MD5 of the DER.
    assert found[0]["Fingerprint"] == hashlib.md5(found[0]["Value"]).hexdigest(), found
    early = now - datetime.timedelta(days=400)
    assert not cloudtrail.list_public_keys(StartTime=early, EndTime=early + HOUR)["PublicKeyList"]
    refused("InvalidTimeRangeException", cloudtrail.list_public_keys, StartTime=now, EndTime=early)


def the_control_path_takes_times_only(world):
    for text, status in (("yesterday", 400), ("2099-01-01T00:00:00Z", 400), ("0", 200)):
        request = urllib.request.Request(f"{world.endpoint}/_local/cloudtrail/digest?until={text}", method="POST", data=b"")
        try:
            with urllib.request.urlopen(request) as answer:
                got = answer.status
        except urllib.error.HTTPError as error:
            got = error.code
        assert got == status, (text, got)
