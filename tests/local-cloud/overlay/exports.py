"""DynamoDB's exports to S3, with what is in them."""

import base64
import copy
import gzip
import hashlib
import json
import time

from ministack.core.responses import error_response_json
from ministack.services import dynamodb, s3

_FILES = 4
"""Data files of an export: AWS writes one per partition, and items lie in any of them."""

_SHORTEST, _LONGEST = 900, 86_400


def install() -> None:
    """AWS: an export holds the table's items as DynamoDB JSON, or what changed in a span of time, with a list of its files;
    it takes continuous backups. MiniStack: describes an export, and writes nothing."""
    start, describe = dynamodb._export_table_to_point_in_time, dynamodb._describe_export

    def started(data: dict) -> tuple:
        name = dynamodb._table_name_from_arn(data.get("TableArn") or "")
        table = dynamodb._tables.get(name) if name else None
        if table is None:
            return start(data)
        if not dynamodb._pitr_settings.get(name):
            return error_response_json(
                "PointInTimeRecoveryUnavailableException", f"Point in time recovery is not enabled for table '{name}'", 400,
            )
        changes = data.get("IncrementalExportSpecification")
        if changes is not None:
            span = changes.get("ExportToTime", time.time()) - changes.get("ExportFromTime", 0)
            if not _SHORTEST <= span <= _LONGEST:
                return error_response_json("InvalidExportTimeException", "The export period is too short or too long", 400)
        lines = _items(table) if changes is None else _changes(name, table, changes)
        answer = start(data)
        if answer[0] == 200:
            told = json.loads(answer[2])["ExportDescription"]
            export = dynamodb._exports[told["ExportArn"]]
            if changes is not None:
                export["IncrementalExportSpecification"] = changes
            _write(export, lines)
        return answer

    def described(data: dict) -> tuple:
        answer = describe(data)
        export = dynamodb._exports.get(data.get("ExportArn"))
        if answer[0] != 200 or not export or export.get("ExportStatus") != "COMPLETED" or "_Count" not in export:
            return answer
        told = {key: value for key, value in export.items() if not key.startswith("_")}
        told |= {"ItemCount": export["_Count"], "ExportManifest": f"{_folder(export)}manifest-summary.json"}
        return (answer[0], answer[1], json.dumps({"ExportDescription": told}).encode())

    dynamodb._export_table_to_point_in_time = started
    dynamodb._describe_export = described


def _items(table: dict) -> list[dict]:
    return [{"Item": copy.deepcopy(item)} for row in list(table["items"].values()) for item in list(row.values())]


def _changes(name: str, table: dict, span: dict) -> list[dict]:
    """What each key was before the span, as far as the table's stream tells, and what it was at its end."""
    found: dict[str, dict] = {}
    for record in dynamodb.stream_live_records(name):
        change = record["dynamodb"]
        at = float(change["ApproximateCreationDateTime"])
        if not span["ExportFromTime"] <= at < span["ExportToTime"]:
            continue
        key = json.dumps(change["Keys"], sort_keys=True)
        line = found.setdefault(key, {"Keys": change["Keys"]})
        line["Metadata"] = {"WriteTimestampMicros": {"N": str(int(at * 1_000_000))}}
        if "OldImage" in change and "first" not in line:
            line["OldImage"] = change["OldImage"]
        line["first"] = True
        line.pop("NewImage", None)
        if record["eventName"] != "REMOVE":
            line["NewImage"] = change.get("NewImage") or _item(table, change["Keys"])
    return [{name: value for name, value in line.items() if name != "first" and value} for line in found.values()]


def _item(table: dict, keys: dict) -> dict | None:
    rows = (item for row in table["items"].values() for item in row.values())
    return copy.deepcopy(next((item for item in rows if all(item.get(name) == value for name, value in keys.items())), None))


def _folder(export: dict) -> str:
    prefix = f"{export['S3Prefix']}/" if export.get("S3Prefix") else ""
    return f"{prefix}AWSDynamoDB/{export['ExportArn'].rsplit('/', 1)[-1]}/"


def _put(export: dict, key: str, body: bytes) -> None:
    s3._put_object(export["S3Bucket"], key, body, {"content-type": "application/octet-stream"})


def _write(export: dict, lines: list[dict]) -> None:
    """The data files, their list, and the summary. An incremental export's data lies in a folder that all share."""
    folder, files = _folder(export), []
    incremental = export["ExportType"] == "INCREMENTAL_EXPORT"
    data = folder[: -len(export["ExportArn"].rsplit("/", 1)[-1]) - 1] + "data/" if incremental else f"{folder}data/"
    for number in range(min(_FILES, max(1, len(lines)))):
        part = lines[number::_FILES]
        text = "".join(json.dumps(line, default=_binary) + "\n" for line in part).encode()
        body = gzip.compress(text, mtime=0)
        key = f"{data}{hashlib.sha256(f'{folder}{number}'.encode()).hexdigest()[:26]}.json.gz"
        _put(export, key, body)
        checksum = base64.b64encode(hashlib.md5(body).digest()).decode()
        files.append({"itemCount": len(part), "md5Checksum": checksum, "etag": hashlib.md5(body).hexdigest(), "dataFileS3Key": key})
    listed = "".join(json.dumps(file) + "\n" for file in files).encode()
    _put(export, f"{folder}manifest-files.json", listed)
    summary = {
        "version": "2020-06-30", "exportArn": export["ExportArn"], "tableArn": export["TableArn"],
        "s3Bucket": export["S3Bucket"], "s3Prefix": export.get("S3Prefix"), "itemCount": len(lines),
        "outputFormat": "DYNAMODB_JSON", "exportType": export["ExportType"],
        "manifestFilesS3Key": f"{folder}manifest-files.json",
    }
    _put(export, f"{folder}manifest-summary.json", json.dumps(summary).encode())
    export["_Count"] = len(lines)


def _binary(value: object) -> str:
    """Bytes, where MiniStack holds them as such."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)
