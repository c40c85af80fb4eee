"""Log files in the trail's bucket."""

import datetime
import gzip
import logging
import threading
import time
import uuid

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import s3

from overlay import s3 as stored
from overlay import settings

_log = logging.getLogger("local-cloud.cloudtrail")

_waiting: list = []
_waiting_lock = threading.Lock()
_delivering = threading.Lock()

on_delivery: list = []
"""Called for each log file that was stored: trail, region, key, uncompressed text, its events' times."""


def install() -> None:
    """AWS: gzipped files of each account and region, within some five minutes. MiniStack: nothing is delivered."""
    threading.Thread(target=_deliver_for_ever, daemon=True, name="local-cloud-cloudtrail").start()


def wait_for_delivery(event: dict, record: str, trails: list[dict]) -> None:
    """Into the next file of each of these trails."""
    with _waiting_lock:
        _waiting.extend((trail, event, record) for trail in trails)


def _deliver_for_ever() -> None:
    while True:
        time.sleep(settings.CLOUDTRAIL_FLUSH)
        try:
            deliver()
        except Exception:  # noqa: BLE001  (the next files may go through)
            _log.exception("log files were not delivered")


def deliver() -> None:
    """One file for each trail, account and region that has something waiting."""
    with _delivering:
        with _waiting_lock:
            batch, _waiting[:] = list(_waiting), []
        files: dict = {}
        for trail, event, record in batch:
            place = (trail["TrailARN"], event["recipientAccountId"], event["awsRegion"])
            _, times, records = files.setdefault(place, (trail, [], []))
            times.append(event["eventTime"])
            records.append(record)
        for (_, account, region), (trail, times, records) in files.items():
            _deliver_file(trail, account, region, times, records)


def _deliver_file(trail: dict, account: str, region: str, times: list[str], records: list[str]) -> None:
    now = datetime.datetime.now(datetime.UTC)
    key = (
        f"{folder(trail, account, region, now)}"
        f"{account}_CloudTrail_{region}_{now:%Y%m%dT%H%MZ}_{uuid.uuid4().hex[:16]}.json.gz"
    )
    text = f'{{"Records":[{",".join(records)}]}}'.encode()
    if put(trail, key, text):
        for told in on_delivery:
            told(trail, region, key, text, times)


def folder(trail: dict, account: str, region: str, now: datetime.datetime, kind: str = "CloudTrail") -> str:
    """Where the files of a day lie."""
    prefix = f"{trail['S3KeyPrefix']}/" if trail.get("S3KeyPrefix") else ""
    return f"{prefix}AWSLogs/{account}/{kind}/{region}/{now:%Y/%m/%d}/"


def put(trail: dict, key: str, text: bytes, metadata: dict | None = None) -> bool:
    """Compresses and stores a file as the service, not as a caller: the delivery itself is in no trail. Whether it could."""
    bucket = trail["S3BucketName"]
    owner = s3._bucket_owner_account(bucket)
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    headers |= {f"x-amz-meta-{name}": value for name, value in (metadata or {}).items()}
    if owner is None:
        return False
    set_request_account_id(owner)
    set_request_region(trail["HomeRegion"])
    stored.requester.set("cloudtrail.amazonaws.com")
    try:
        # No time in the compressed bytes: the same events are the same file.
        return s3._put_object(bucket, key, gzip.compress(text, mtime=0), headers)[0] < 300
    except Exception:  # noqa: BLE001  (the next file may go through)
        _log.exception("a file was not delivered to %s", bucket)
        return False
