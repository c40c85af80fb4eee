"""Starts a local cloud, runs the checks, prints what failed and, last, `N passed, N failed`."""

import importlib
import inspect
import os
import pathlib
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

import checks
from checks.world import World

HERE = pathlib.Path(__file__).parent.parent


def start(folder: pathlib.Path) -> tuple[subprocess.Popen, str]:
    """The server under check and its address, once it answers. `STOCK=1` leaves the overlay out: then most checks fail."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), "STATE_DIR": str(folder / "state"),
        "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "localhost", "AWS_ENDPOINT_URL": endpoint,
        "MINISTACK_ACCOUNT_ID": "111111111111", "MINISTACK_REGION": "us-east-1", "AUTH": "true",
        "CLOUDTRAIL_RECORDING": "1", "IOT_MTLS_ENABLED": "0", "LOCAL_CLOUD_CLOUDTRAIL_FLUSH": "0.5",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2", "EVENTS_FILE": str(folder / "events"),
        "LOCAL_CLOUD_DECISIONS": str(folder / "decisions"), "LOCAL_CLOUD_FUNCTIONS_ENDPOINT": str(folder / "endpoint"),
    }
    module = "ministack" if os.environ.get("STOCK") else "overlay"
    with open(folder / "log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [sys.executable, "-B", "-m", module], cwd=HERE, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
    for _ in range(1200):
        try:
            urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=5).read()
            return server, endpoint
        except (urllib.error.URLError, ConnectionError):
            if server.poll() is not None:
                break
            time.sleep(0.05)
    sys.exit(f"the local cloud did not start:\n{(folder / 'log').read_text()}")


def found(words: list[str]):
    """The checks, by name."""
    for module in sorted(pkgutil.iter_modules(checks.__path__), key=lambda module: module.name):
        if not module.name.startswith("check_"):
            continue
        loaded = importlib.import_module(f"checks.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            full = f"{module.name.removeprefix('check_')}.{name}"
            if function.__module__ == loaded.__name__ and not name.startswith("_") and name != "setup":
                if not words or any(word in full for word in words):
                    yield full, function


def main() -> None:
    """One line per failed check."""
    with tempfile.TemporaryDirectory(prefix="local-cloud-checks-") as name:
        folder = pathlib.Path(name)
        server, endpoint = start(folder)
        passed = failed = 0
        try:
            world = World(endpoint, folder)
            for full, check in found(sys.argv[1:]):
                began = time.monotonic()
                try:
                    check(world)
                    passed += 1
                    print(f"ok      {full} ({time.monotonic() - began:.2f} s)", flush=True)
                except Exception as error:  # noqa: BLE001  (whatever it is, the check failed)
                    failed += 1
                    print(f"FAILED  {full}: {type(error).__name__}: {error}", flush=True)
                    if os.environ.get("TRACE"):
                        traceback.print_exc()
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=20)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
