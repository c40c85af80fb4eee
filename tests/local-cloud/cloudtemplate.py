"""Reads `template.yaml` as CloudFormation does and points each function at a zip of its bootstrap."""

import hashlib
import io
import json
import pathlib
import zipfile

import yaml


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms (`!Ref`, `!Sub`, …), and dates left as text ('2012-10-17' is no date)."""


def _intrinsic(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path: pathlib.Path) -> dict:
    """The template in long form, fit for JSON."""
    return yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506  (a SafeLoader underneath)


def functions(template: dict) -> dict[str, str]:
    """Logical id of each function -> its binary: what Metadata says cargo-lambda builds, else its CodeUri's folder."""
    found = {}
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            build = (resource.get("Metadata") or {}).get("BuildProperties") or {}
            uri = resource["Properties"].get("CodeUri")
            binary = build.get("Binary") or (pathlib.PurePosixPath(uri).name if isinstance(uri, str) else None)
            if not binary:
                raise SystemExit(f"template: no binary for function {logical_id} (Metadata.BuildProperties.Binary)")
            found[logical_id] = binary
    return found


def zipped(bootstrap: pathlib.Path) -> bytes:
    """A function's package; the same bytes for the same binary."""
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o755 << 16
    # The least compression: the package travels over the loopback interface only.
    entry.compress_type = zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compresslevel=1) as archive:
        archive.writestr(entry, bootstrap.read_bytes(), compresslevel=1)
    return buffer.getvalue()


def point_at(template: dict, places: dict[str, tuple[str, str]]) -> str:
    """The template as JSON, each function's code at its (bucket, key)."""
    for logical_id, (bucket, key) in places.items():
        template["Resources"][logical_id]["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    return json.dumps(template)


def digest(content: bytes) -> str:
    """A short name for content."""
    return hashlib.sha256(content).hexdigest()[:16]
