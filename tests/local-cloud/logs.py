"""Prints what a log group holds, oldest first."""

import argparse

from deploy import Cloud


def main() -> None:
    """One line per log event; nothing if the group has none yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--group", required=True)
    args = parser.parse_args()
    pages = Cloud(args.endpoint).client("logs").get_paginator("filter_log_events").paginate(logGroupName=args.group)
    events = [event for page in pages for event in page["events"]]
    for event in sorted(events, key=lambda event: event["timestamp"]):
        print(event["message"].rstrip())


if __name__ == "__main__":
    main()
