"""Lambda reading a DynamoDB stream: failed batches are retried, halved and given up as AWS does."""

import concurrent.futures
import json
import re
import threading
import time

from ministack.services import dynamodb, lambda_svc

from overlay import settings

_progress: dict = {}
"""Event source mapping's id -> position in the stream, failures in a row, batch size after halving, pause until."""

_NO_LIMIT = -1

_readers = concurrent.futures.ThreadPoolExecutor(max_workers=32, thread_name_prefix="stream-reader")
_guard = threading.Lock()
_running: set[str] = set()
_again: set[str] = set()
"""Ids of mappings that are being read, and of those of them that were to be read once more meanwhile."""


def install() -> None:
    """AWS: honours ReportBatchItemFailures, BisectBatchOnFunctionError, MaximumRetryAttempts, MaximumRecordAgeInSeconds,
    MaximumBatchingWindowInSeconds and the OnFailure destination, and no mapping waits for another one's function. MiniStack:
    takes a reported failure for a success (the record is lost), retries a failed batch for ever, has no window, and runs
    one function at a time. MiniStack's loop wakes at each write, so a batch without a window arrives within milliseconds."""
    lambda_svc._poll_dynamodb_streams = _poll


def _poll() -> bool:
    """One pass over all mappings: each is read by a thread of its own, that wakes the loop when there is more."""
    for account, region, mapping in list(lambda_svc._iter_all_esms()):
        with _guard:
            if mapping["UUID"] in _running:
                _again.add(mapping["UUID"])
                continue
            _running.add(mapping["UUID"])
        _readers.submit(_read, account, region, mapping)
    return False


def _read(account: str, region: str, mapping: dict) -> None:
    undo_account = lambda_svc._request_account_id.set(account)
    undo_region = lambda_svc._request_region.set(region)
    moved = True
    try:
        moved = _advance(mapping)
    finally:
        lambda_svc._request_account_id.reset(undo_account)
        lambda_svc._request_region.reset(undo_region)
        with _guard:
            _running.discard(mapping["UUID"])
            wanted = mapping["UUID"] in _again
            _again.discard(mapping["UUID"])
        if moved or wanted:
            lambda_svc._esm_wake.set()


def _advance(mapping: dict) -> bool:
    """Give the function its next batch. True if the position moved."""
    stream = mapping.get("EventSourceArn", "")
    named = re.fullmatch(r"arn:aws:dynamodb:[^:]+:\d+:table/([^/]+)/stream/.+", stream)
    if not named or not mapping.get("Enabled", True):
        return False
    name = named.group(1)
    table = dynamodb._tables.get(name)
    function, _ = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
    if function is None or not table or table.get("LatestStreamArn") != stream:
        return False
    oldest, end = dynamodb.stream_start_position(name), dynamodb.stream_end_position(name)
    start = oldest if mapping.get("StartingPosition") == "TRIM_HORIZON" else end
    state = _progress.setdefault(mapping["UUID"], {"at": start, "failures": 0, "size": None, "pause": 0.0, "since": None})
    state["at"] = max(state["at"], oldest)
    if state["at"] >= end or time.time() < state["pause"]:
        return False
    read = _read_batch(mapping, function, name, state["at"], state["size"] or mapping.get("BatchSize", 100))
    if not read:
        return False
    batch = lambda_svc._apply_filter_criteria(list(read), mapping)
    if not batch:
        state["at"] += len(read)
        return True
    if _gathers(mapping, state, len(read)):
        return False
    result = lambda_svc._execute_function(function, {"Records": batch})
    failed = _first_failure(mapping, batch, result)
    if failed is None:
        mapping["LastProcessingResult"] = "OK"
        state.update(at=state["at"] + len(read), failures=0, size=None, pause=0.0)
        return True
    mapping["LastProcessingResult"] = "PROBLEM: Function call failed"
    state["pause"] = time.time() + settings.STREAM_BACKOFF
    # The loop sleeps until a write: it must be told that there is a batch to try again.
    threading.Timer(settings.STREAM_BACKOFF, lambda_svc._esm_wake.set).start()
    return _after_failure(mapping, function, state, read, batch, failed, result)


def _read_batch(mapping: dict, function: dict, table: str, at: int, size: int) -> list:
    """The next records of the stream."""
    return dynamodb.stream_records_since(table, at, size)


def _gathers(mapping: dict, state: dict, read: int) -> bool:
    """Whether the batch is still to grow: it is not full, and its window is not over."""
    window = float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
    if not window or read >= (state["size"] or mapping.get("BatchSize", 100)):
        state["since"] = None
        return False
    now = time.time()
    state["since"] = state["since"] or now
    left = state["since"] + window - now
    if left > 0:
        threading.Timer(left, lambda_svc._esm_wake.set).start()
        return True
    state["since"] = None
    return False


def _first_failure(mapping: dict, batch: list, result: dict) -> int | None:
    """Where in the batch the first failed record is; None if all went well.

    An empty or unknown identifier fails the whole batch, as on AWS."""
    if result.get("error"):
        return 0
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []):
        return None
    answer = result.get("body")
    if isinstance(answer, (str, bytes)):
        try:
            answer = json.loads(answer)
        except ValueError:
            return 0 if answer else None
    failures = (answer or {}).get("batchItemFailures") or [] if isinstance(answer, dict) else []
    if not failures:
        return None
    named = {failure.get("itemIdentifier") for failure in failures}
    known = {record["dynamodb"]["SequenceNumber"]: index for index, record in enumerate(batch)}
    return min(known[one] for one in named) if named <= known.keys() else 0


def _after_failure(mapping, function, state, read, batch, failed, result) -> bool:
    """Keep what went well; then halve, retry or give up what did not. True if the position moved."""
    number = batch[failed]["dynamodb"]["SequenceNumber"]
    done = next(index for index, record in enumerate(read) if record["dynamodb"]["SequenceNumber"] == number)
    if done:
        state.update(at=state["at"] + done, failures=0, size=None)
        return True
    if mapping.get("BisectBatchOnFunctionError") and len(read) > 1:
        state["size"] = max(1, len(read) // 2)
        return False
    state["failures"] += 1
    problem = _given_up(mapping, batch, state["failures"])
    if not problem:
        return False
    lambda_svc._send_ddb_stream_failure_record(
        mapping, function, batch, mapping["EventSourceArn"], result, problem
    )
    state.update(at=state["at"] + len(read), failures=0, size=None, pause=0.0)
    return True


def _given_up(mapping: dict, batch: list, failures: int) -> str | None:
    """Why this batch is not tried again, in AWS's words; None if it is."""
    attempts = mapping.get("MaximumRetryAttempts")
    if attempts is not None and _NO_LIMIT < int(attempts) < failures:
        return "RetryAttemptsExhausted"
    age = mapping.get("MaximumRecordAgeInSeconds")
    made = min(float(record["dynamodb"].get("ApproximateCreationDateTime", time.time())) for record in batch)
    if age is not None and 0 < int(age) < time.time() - made:
        return "MaxRecordAgeExceeded"
    return None
