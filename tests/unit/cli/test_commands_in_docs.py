#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command of ours that the documents and deploy/kubernetes.yaml show exists as written: program, subcommand and options.

usage: test_commands_in_docs.py SOURCE-DIRECTORY BIN-DIRECTORY
"""
import pathlib
import re
import shlex
import subprocess
import sys

source, bin_dir = map(pathlib.Path, sys.argv[1:3])
OPTION = r"--[a-z][a-z0-9-]*"
problems = []
checked = 0


def help_of(*command):
    result = subprocess.run([str(c) for c in command] + ["--help"], capture_output=True, text=True, timeout=60, check=False)
    return result.stdout if result.returncode == 0 else None


def check(where, words):
    """words: a command line of enclume, enclumed, enclume-simulator, enclume-gateway or image/build."""
    global checked
    if words[0] == "image/build":
        text, rest = help_of(source / "image/build"), words[1:]
    else:
        program = bin_dir / words[0]
        if not program.exists():
            print(f"not checked, {words[0]} is not built: {' '.join(words)}")
            return
        has_subcommand = words[0] == "enclume"
        text, rest = help_of(program, *words[1:2] if has_subcommand else []), words[2 if has_subcommand else 1:]
    if text is None:
        problems.append(f"{where}: {' '.join(words[:2])}: there is no such command")
        return
    known = set(re.findall(rf"^  ({OPTION})\b", text, re.M))
    for word in rest:
        if word == "--":
            break
        if re.match(OPTION, word) and word.split("=")[0] not in known:
            problems.append(f"{where}: {' '.join(words[:2])}: there is no option {word}")
    checked += 1


def is_ours(words):
    return words and words[0] in ("enclume", "enclumed", "enclume-simulator", "enclume-gateway", "image/build")


for name in ("README.md", "image/README.md", *(f"docs/{page.name}" for page in sorted((source / "docs").glob("*.md")))):
    text = (source / name).read_text(encoding="utf-8")
    blocks = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    ")).replace("\\\n", " ")
    for line in blocks.splitlines():
        if line.split()[:1] and is_ours([line.split()[0].removeprefix("./")]):
            words = shlex.split(line, comments=True)
            check(name, [words[0].removeprefix("./"), *words[1:]])
    for inline in re.findall(r"`([^`\n]+)`", text):
        words = inline.split()
        if is_ours(words) and len(words) > 1:
            check(name, words)

manifest = (source / "deploy/kubernetes.yaml").read_text(encoding="utf-8")
for block in re.findall(r"args:\n((?: +- .*\n)+)", manifest):
    check("deploy/kubernetes.yaml", [shlex.split(line.strip()[2:])[0] for line in block.splitlines()])

# Whether a pod is ready is asked at the gateway's port for it, which the node must be able to reach.
asked = re.search(r"httpGet: {path: /health, port: (\w+)}", manifest)
metrics = re.search(r"- --metrics\n +- (\S+):(\d+)\n", manifest)
if not (asked and metrics and f"{{name: {asked[1]}, containerPort: {metrics[2]}}}" in manifest and not metrics[1].startswith("127.")):
    problems.append("deploy/kubernetes.yaml: the readiness probe does not reach --metrics of enclume-gateway")

if checked < 60:
    problems.append(f"only {checked} commands were found: the documents look other than this test thinks")
print(f"{checked} commands")
sys.exit("\n".join(["FAILED:", *problems]) if problems else 0)
