# SPDX-License-Identifier: Apache-2.0
"""What the tests of enclume verify, inspect and collateral share: made-up evidence, other people's, and running the program."""
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ACCEPTED, REFUSED, USAGE, NETWORK = 0, 1, 2, 3
DONE = 0  # where nothing is judged
WAIT = 120  # seconds for what must happen; machines are slow
NOW = "2026-01-01T00:00:00Z"  # of the made-up evidence

enclume = source = ""
folders = []  # where other people's evidence is
made = None  # the directory with the made-up evidence


def main(tests):
    """usage: test_X.py ENCLUME PARTS SOURCE SHARED DEPS [unittest options]

    PARTS: a directory with what write_parts wrote; the tests work in a copy of it.
    """
    global enclume, source, made
    if len(sys.argv) < 6:
        sys.exit(main.__doc__)
    enclume, written, source, shared, deps = (os.path.abspath(sys.argv.pop(1)) for _ in range(5))
    folders.extend(os.path.join(parent, "evidence") for parent in (shared, deps))
    with tempfile.TemporaryDirectory(prefix="enclume-parts-") as directory:
        made = directory
        shutil.copytree(written, directory, dirs_exist_ok=True)
        tests.main()


def run(*arguments, cwd=None, stdin=None, **environment):
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and k != "NO_COLOR"}
    return subprocess.run([enclume, *arguments], cwd=cwd or made, env={**env, **environment}, input=stdin,
                          capture_output=True, timeout=WAIT, check=False)


def read(name):
    with open(os.path.join(made, name), "rb") as f:
        return f.read()


def write(name, content):
    path = os.path.join(made, name)
    with open(path, "wb") as f:
        f.write(content)
    return path


def real(name):
    """The path of a file of other people's evidence; None where it is not at hand."""
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    return None


def verdict(result):
    return json.loads(result.stdout)


def failed(result):
    return {check["name"] for check in verdict(result)["checks"] if not check["passed"]}


def pem(der, label="CERTIFICATE"):
    body = base64.encodebytes(der).decode().replace("\n", "")
    lines = "\n".join(body[i : i + 64] for i in range(0, len(body), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()


GUIDS = {"vcek": "63da758de6644564adc5f4b93be8accd", "vlek": "a8074bc2a25a483eaae639c045a0b8a1",
         "ask": "4ab7b379bbac4fe4a02f05aef327c782", "ark": "c0b406a4a80349529743 3fb6014cd0ae".replace(" ", "")}


def table(parts):
    """The table of an extended report (document 56421)."""
    offset = 24 * (len(parts) + 1)
    entries = content = b""
    for name, der in parts.items():
        entries += bytes.fromhex(GUIDS[name]) + offset.to_bytes(4, "little") + len(der).to_bytes(4, "little")
        content += der
        offset += len(der)
    return entries + bytes(24) + content


def snp_measurement(report):
    return report[0x90 : 0x90 + 48].hex()


def mrtd(quote):
    at = 48 if quote[0] == 4 else 54
    return quote[at + 136 : at + 184].hex()


def check_schema(schema, value, where="verdict"):
    """As much of JSON Schema as docs/verdict.md uses. Gives the first fault, or None."""
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    wanted = schema.get("type")
    if wanted is not None:
        names = wanted if isinstance(wanted, list) else [wanted]
        fits = any(isinstance(value, int) and not isinstance(value, bool) if n == "integer" else isinstance(value, types[n])
                   for n in names)
        if not fits:
            return f"{where}: {value!r} is not {wanted}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{where}: {value!r} is none of {schema['enum']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return f"{where}: {value!r} is not like {schema['pattern']}"
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                return f"{where}: there is no {name}"
        for name, inner in value.items():
            if name not in schema.get("properties", value):
                return f"{where}: {name} is not in the schema"
            fault = check_schema(schema.get("properties", {}).get(name, {}), inner, f"{where}.{name}")
            if fault:
                return fault
    if isinstance(value, list):
        for i, inner in enumerate(value):
            fault = check_schema(schema["items"], inner, f"{where}[{i}]")
            if fault:
                return fault
    return None
