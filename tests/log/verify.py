#!/usr/bin/env python3
"""Checks a log by the words of the specifications, without a line of Countersign's own code.

    verify.py <folder> [--keys <file>] [--proof <file>]…

The folder is as `countersign audit fetch` writes it: log/checkpoint and log/tile/…, and if they are there anchors/,
cosigned/ and submissions/. Keys are lines `log <verifier key>` and `witness <verifier key>`, in the folder's own
file `keys` unless another is given. Prints what is wrong, a line for each, then one line of figures; exits with 0 if
nothing is wrong, 1 if something is, 2 if it was called wrongly. Needs Python 3.9 and nothing else.

Written from RFC 6962 section 2.1 (tree and proofs), RFC 8032 section 5.1 (Ed25519), and c2sp.org/signed-note,
tlog-checkpoint, tlog-cosignature, tlog-tiles, tlog-proof, tlog-witness. Recursions where Countersign has loops.
"""

import argparse
import base64
import hashlib
import os
import re
import sys

# --- Ed25519, RFC 8032 section 5.1 -----------------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def point(encoded):
    """5.1.3: the point of these 32 bytes, or nothing."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if len(encoded) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def add(a, b):
    """5.1.4."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number, a):
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, a)
        a, number = add(a, a), number >> 1
    return total


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
assert BASE is not None


def verifies(key, message, signature):
    """5.1.7, without the cofactor."""
    if len(signature) != 64:
        return False
    r, a = point(signature[:32]), point(key)
    s = int.from_bytes(signature[32:], "little")
    if r is None or a is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    return same(times(s, BASE), add(r, times(k, a)))


# --- The tree, RFC 6962 section 2.1 ----------------------------------------------------------------------------------


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(n):
    """The largest power of two smaller than n."""
    return 1 << (n - 1).bit_length() - 1


def mth(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node(mth(hashes[:k]), mth(hashes[k:]))


def included(hash, index, size, path):
    """2.1.1: the root that follows from an audit path, which is used up from its end."""
    if size == 1:
        return hash if not path else None
    if not path:
        return None
    k, beside = split(size), path[-1]
    if index < k:
        under = included(hash, index, k, path[:-1])
        return under and node(under, beside)
    under = included(hash, index - k, size - k, path[:-1])
    return under and node(beside, under)


def consistent(old, new, old_root, path):
    """2.1.2: the two roots that follow from a proof; nothing if it is none."""
    path = list(path)

    def subproof(m, n, known):
        if m == n:
            hash = old_root if known else path.pop()
            return hash, hash
        k, beside = split(n), path.pop()
        if m <= k:
            before, after = subproof(m, k, known)
            return before, node(after, beside)
        before, after = subproof(m - k, n - k, False)
        return node(beside, before), node(beside, after)

    try:
        roots = subproof(old, new, True)
    except IndexError:
        return None
    return None if path else roots


# --- Notes and checkpoints -------------------------------------------------------------------------------------------


class Wrong(Exception):
    pass


def decoded(text):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong("bad base64")


class Key:
    def __init__(self, text):
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise Wrong(f"no verifier key: {text}")
        self.name, self.id = parts[0], bytes.fromhex(parts[1])
        material = decoded(parts[2])
        self.kind, self.key = material[0], material[1:]
        if hashlib.sha256(self.name.encode() + b"\n" + material).digest()[:4] != self.id or self.kind not in (1, 4):
            raise Wrong(f"no verifier key: {text}")

    def signed(self, text, signature):
        if self.kind == 1:
            return verifies(self.key, text, signature)
        time = int.from_bytes(signature[:8], "big")
        message = b"cosignature/v1\ntime " + str(time).encode() + b"\n" + text
        return len(signature) == 72 and time < 2**63 and verifies(self.key, message, signature[8:])


def opened(note, keys):
    """The size and root of a checkpoint that its log signed, and the names of the known keys that did."""
    text, divided, lines = note.rpartition(b"\n\n")
    if not divided or not lines.endswith(b"\n"):
        raise Wrong("not a note")
    text += b"\n"
    names = []
    for line in lines.decode()[:-1].split("\n"):
        match = re.fullmatch("— ([^ +]+) (\\S+)", line)
        if not match:
            raise Wrong("not a signature line")
        signature = decoded(match[2])
        for key in keys:
            if key.name == match[1] and key.id == signature[:4]:
                if not key.signed(text, signature[4:]):
                    raise Wrong(f"the signature of {key.name} is wrong")
                names.append((key.name, key.kind))
    origin, size, root = text.decode().split("\n")[:3]
    if (origin, 1) not in names:
        raise Wrong(f"the log {origin} did not sign")
    if not re.fullmatch("0|[1-9][0-9]*", size) or len(decoded(root)) != 32:
        raise Wrong("not a checkpoint")
    return int(size), decoded(root), names


# --- The files -------------------------------------------------------------------------------------------------------


def path_of(index):
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(groups)


def read(*parts):
    with open(os.path.join(*parts), "rb") as file:
        return file.read()


def unbundled(bundle):
    entries = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        if len(bundle) < 2 + length:
            raise Wrong("a bundle ends within an entry")
        entries.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return entries


class Check:
    def __init__(self, folder, keys):
        self.folder, self.keys = folder, keys
        self.wrong, self.counts = [], {}

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def entries(self, size):
        """All of them, from their bundles."""
        entries = []
        for index in range((size + 255) // 256):
            width = min(256, size - index * 256)
            path = os.path.join(self.folder, "log/tile/entries", path_of(index))
            partial = f"{path}.p/{width}"
            bundle = unbundled(read(partial if width < 256 and os.path.exists(partial) else path))
            if len(bundle) < width:
                raise Wrong(f"bundle {index} is short")
            entries.extend(bundle[:width])
        return entries

    def tiles(self, entries):
        """Every hash tile and bundle that lies there, and that none is missing that has to be there."""
        size, level, hashes = len(entries), 0, [leaf(entry) for entry in entries]
        holds = {"entries": entries}
        while hashes:
            holds[str(level)] = hashes
            full = len(hashes) // 256
            hashes = [mth(hashes[256 * n : 256 * n + 256]) for n in range(full)]
            level += 1
        for name, content in holds.items():
            for index in range((len(content) + 255) // 256):
                width = min(256, len(content) - index * 256)
                path = os.path.join("log/tile", name, path_of(index))
                if not os.path.exists(os.path.join(self.folder, path if width == 256 else f"{path}.p/{width}")):
                    self.wrong.append(f"{path} is missing")
        root = os.path.join(self.folder, "log/tile")
        for folder, _, files in os.walk(root):
            for file in files:
                self.tile(os.path.relpath(os.path.join(folder, file), root), holds, size)

    def tile(self, path, holds, size):
        match = re.fullmatch(r"(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x\d{3}/)*)(\d{3})(?:\.p/([1-9]\d{0,2}))?", path)
        if not match:
            self.wrong.append(f"tile/{path} is no path of a tile")
            return
        index = int(match[2].replace("x", "").replace("/", "") + match[3])
        width = int(match[4] or 256)
        content = holds.get(match[1], [])[index * 256 : index * 256 + width]
        if len(content) < width:
            # Written for a checkpoint to come.
            self.count("beyond")
            return
        encoded = content if match[1] != "entries" else [len(entry).to_bytes(2, "big") + entry for entry in content]
        if read(self.folder, "log/tile", path) != b"".join(encoded):
            self.wrong.append(f"tile/{path} is not what the entries give")
        self.count("tiles")

    def checkpoint(self, path, hashes):
        """A checkpoint of the same log, at whatever size."""
        try:
            size, root, names = opened(read(self.folder, path), self.keys)
            if size > len(hashes) or mth(hashes[:size]) != root:
                raise Wrong("it has another root than the entries give")
            if path.startswith("cosigned/") and not any(kind == 4 for _, kind in names):
                raise Wrong("no witness signed it")
            self.count("checkpoints")
        except (Wrong, ValueError) as problem:
            self.wrong.append(f"{path}: {problem}")

    def submission(self, path, hashes):
        try:
            head, _, note = read(self.folder, path).partition(b"\n\n")
            lines = head.decode().split("\n")
            old, proof = int(lines[0].removeprefix("old ")), [decoded(line) for line in lines[1:]]
            size, root, _ = opened(note, self.keys)
            before = mth(hashes[:old])
            roots = (before, root) if old == 0 and not proof else consistent(old, size, before, proof)
            if roots != (before, root):
                raise Wrong("its proof does not hold")
            self.count("submissions")
        except (Wrong, ValueError) as problem:
            self.wrong.append(f"{path}: {problem}")

    def proof(self, path):
        try:
            head, _, note = read(path).partition(b"\n\n")
            lines = head.decode().split("\n")
            if lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("extra "):
                raise Wrong("not a proof")
            entry, index = decoded(lines[1][6:]), int(lines[2].removeprefix("index "))
            size, root, _ = opened(note, self.keys)
            if index >= size or included(leaf(entry), index, size, [decoded(line) for line in lines[3:]]) != root:
                raise Wrong("it does not hold")
            self.count("proofs")
        except (Wrong, ValueError, IndexError) as problem:
            self.wrong.append(f"{path}: {problem}")

    def all(self):
        try:
            size, root, _ = opened(read(self.folder, "log/checkpoint"), self.keys)
            entries = self.entries(size)
        except (Wrong, ValueError, OSError) as problem:
            self.wrong.append(f"log: {problem}")
            return
        hashes = [leaf(entry) for entry in entries]
        if mth(hashes) != root:
            self.wrong.append("log/checkpoint has another root than the entries give")
        self.counts["entries"] = size
        self.tiles(entries)
        for name, check in [("anchors", self.checkpoint), ("cosigned", self.checkpoint), ("submissions", self.submission)]:
            folder = os.path.join(self.folder, name)
            for file in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
                check(f"{name}/{file}", hashes)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--keys")
    parser.add_argument("--proof", action="append", default=[])
    given = parser.parse_args()
    try:
        lines = read(given.keys or os.path.join(given.folder, "keys")).decode().splitlines()
        keys = [Key(line.split(" ", 1)[1]) for line in lines if line.strip()]
    except (Wrong, ValueError, IndexError, OSError) as problem:
        print(f"keys: {problem}", file=sys.stderr)
        return 2
    check = Check(given.folder, keys)
    check.all()
    for path in given.proof:
        check.proof(path)
    for problem in check.wrong:
        print(problem)
    print(", ".join(f"{what} {count}" for what, count in sorted(check.counts.items())) or "nothing")
    return 1 if check.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
