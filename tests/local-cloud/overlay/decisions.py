"""What was decided: each distinct decision on a call of a role, with what it was decided by, as a line of a file.

Of the roles below /countersign-system/ and /countersign-base/, if LOCAL_CLOUD_DECISIONS names a file. A line holds all that
the engine needs to decide anew under other policies; `judge` does. Two calls that differ in the id of a request alone are
one decision.
"""

import contextvars
import json
import re
import threading

from ministack.core import iam_evaluator as engine
from ministack.services import iam

from overlay import settings

PATHS = ("/countersign-system/", "/countersign-base/")
"""Paths of the roles whose calls are recorded."""

_captured: contextvars.ContextVar = contextvars.ContextVar("local_cloud_decision", default=None)
"""While a call is decided: a list, that gets the first evaluation, which is that of the caller's own policies."""

_IDS = (
    (re.compile(r"_[0-9a-f]{32}"), "_" + 32 * "0"),
    (re.compile(r"[0-9a-f]{64}"), 64 * "0"),
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_VARIABLE = re.compile(r"\$\{([^},*?$]+)")

_guard = threading.Lock()
_known: set[str] = set()


def install() -> None:
    """Record what `enforce` decides, if there is a file to."""
    if not settings.DECISIONS:
        return
    with open(settings.DECISIONS, "w", encoding="utf-8"):
        pass
    stock_enforce, stock_evaluate = engine.enforce, engine.evaluate

    def evaluate(context, policies, *limits):
        result = stock_evaluate(context, policies, *limits)
        captured = _captured.get()
        if captured is not None and not captured:
            captured.append((context, policies, result))
        return result

    def enforce(*args, **kwargs):
        captured: list = []
        undo = _captured.set(captured)
        try:
            refusal = stock_enforce(*args, **kwargs)
        finally:
            _captured.reset(undo)
        if captured:
            note(*captured[0], refusal is None)
        return refusal

    engine.enforce, engine.evaluate = enforce, evaluate


def note(context, policies: list, own, allowed: bool) -> None:
    """One decision: `own` is that of the role's own policies, `allowed` what became of it with all others."""
    if not settings.DECISIONS or ":assumed-role/" not in context.principal_arn:
        return
    name = engine._role_name_from_assumed_arn(context.principal_arn)
    role = iam._roles.get_scoped(context.principal_account, None, name) or {}
    if not role.get("Path", "/").startswith(PATHS):
        return
    line = _same({
        "role": role["Arn"],
        "action": context.action,
        "resource": context.resource_arn,
        "region": context.region,
        "keys": {key: engine._resolve_condition_key(key, context) for key in _asked(context.action, policies)},
        "own": own.decision,
        "allowed": allowed,
    })
    with _guard:
        if line in _known:
            return
        _known.add(line)
        with open(settings.DECISIONS, "a", encoding="utf-8") as file:
            file.write(line + "\n")


def _asked(action: str, policies: list) -> list[str]:
    """The condition keys, in lower case, that statements about this action ask for."""
    asked: set[str] = set()
    for statement in (one for statements in policies for one in statements):
        if not engine._action_matches(action, statement.actions, statement.not_actions):
            continue
        for block in statement.conditions.values():
            asked.update(key.lower() for key in (block if isinstance(block, dict) else ()))
        texts = [*statement.resources, *statement.not_resources, json.dumps(statement.conditions)]
        asked.update(name.strip().lower() for text in texts for name in _VARIABLE.findall(text))
    return sorted(asked)


def _same(decision: dict) -> str:
    """As a line, the same for every request."""
    keys = decision["keys"]
    for name, value in keys.items():
        if isinstance(value, list):
            keys[name] = sorted({_plain(str(one)) for one in value})
        elif isinstance(value, str) and _TIME.fullmatch(value):
            keys[name] = "2026-01-01T00:00:00Z"
    return _plain(json.dumps(decision, sort_keys=True))


def _plain(text: str) -> str:
    for pattern, same in _IDS:
        text = pattern.sub(same, text)
    return text
