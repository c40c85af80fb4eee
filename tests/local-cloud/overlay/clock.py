"""Another time of day than the machine's: the whole cloud, its functions and whoever calls them under one clock, by libfaketime
and a file that says how far it is ahead (`cargo xtask chaos hours`). What is waited for takes as long as ever."""

import os
import threading
import time


def install() -> None:
    """Python sleeps until a moment of the monotonic clock, which libfaketime takes for one of its own (`[Errno 22]`); other
    waits it leaves alone."""
    if "FAKETIME_TIMESTAMP_FILE" in os.environ:
        time.sleep = lambda seconds: threading.Event().wait(max(0, seconds)) and None
