#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do the programs, their manual pages and their completions speak of the same options?

usage: test_documents.py SOURCE-DIRECTORY BIN-DIRECTORY options|mandoc|bash|zsh|fish

options   what PROGRAM --help lists is in the manual page and in each completion, and nothing else is; so with the subcommands
mandoc    mandoc finds nothing wrong with any manual page
SHELL     the completion can be parsed by that shell; bash and fish are also asked what they complete

Exits 77, saying why, where mandoc or the shell is not installed.
"""

import pathlib
import re
import shutil
import subprocess
import sys

OPTION = r"--[a-z][a-z0-9-]*"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class Program:
    """A program, or a subcommand: how it is called, its manual page, and its name in the completions."""

    def __init__(self, name, page, *subcommand):
        self.name, self.page, self.subcommand = name, page, subcommand
        self.key = subcommand[0] if subcommand else name
        self.line = " ".join((name, *subcommand))

    def help(self, bin_dir):
        result = run(str(bin_dir / self.name), *self.subcommand, "--help")
        if result.returncode != 0:
            sys.exit(f"FAILED: {self.line} --help: exit code {result.returncode}\n{result.stderr}")
        return result.stdout

    def options(self, bin_dir):
        """The lines of the option table: two spaces and the option."""
        return set(re.findall(rf"^  ({OPTION})\b", self.help(bin_dir), re.M))


ENCLUME = Program("enclume", "enclume.1")
OTHERS = [Program("enclumed", "enclumed.8"), Program("enclume-simulator", "enclume-simulator.1"),
          Program("enclume-gateway", "enclume-gateway.8")]


def subcommands(bin_dir):
    names = re.findall(r"^  ([a-z]+) +\S", ENCLUME.help(bin_dir), re.M)
    if not names:
        sys.exit("FAILED: enclume --help lists no subcommand")
    return [Program("enclume", f"enclume-{name}.1", name) for name in names]


# ---- what the documents say ----


def page_text(source, page):
    """A manual page; a hyphen that is written as a minus is a hyphen."""
    path = source / "man" / page
    return path.read_text().replace("\\-", "-") if path.exists() else ""


def page_options(text):
    """Described, that is: the head of an entry in a list. For --help and --version the synopsis says enough."""
    flag = r"\bFl (-[a-z][a-z0-9-]*)"
    heads = " ".join(re.findall(r"^\.It (.*)$", text, re.M))
    synopsis = re.search(r"^\.Sh SYNOPSIS$(.*?)^\.Sh ", text, re.M | re.S)
    called = set(re.findall(flag, synopsis[1] if synopsis else "")) & {"-help", "-version"}
    return {"-" + option for option in set(re.findall(flag, heads)) | called}


def page_mentions(text):
    return set(re.findall(rf"(?<![\w-]){OPTION}", text)) | {
        "-" + option for option in re.findall(r"\bFl (-[a-z][a-z0-9-]*)", text)
    }


def bash_options(source, program):
    script = source / "completions/bash/enclume"
    result = run("bash", "-c", 'source "$1" && _enclume_options "$2"', "bash", str(script), program.key)
    return {word.split("=")[0] for word in result.stdout.split()}


def zsh_options(source, program):
    text = (source / "completions/zsh/_enclume").read_text()
    name = program.key.removeprefix("enclume-")
    body = re.search(rf"^_enclume_{name}\(\) {{$(.*?)^}}$", text, re.M | re.S)
    if body is None:
        return set()
    policy = re.search(r"_enclume_policy=\((.*?)^\)$", text, re.M | re.S)
    body = body[1].replace("$_enclume_policy", policy[1])
    return set(re.findall(rf"^\s*'(?:\([^)]*\))?\*?({OPTION})=?\[", body, re.M))


def fish_options(source, program):
    options = set()
    for line in (source / "completions/fish/enclume.fish").read_text().splitlines():
        where = re.match(rf"complete -c {program.name} (?:-n (?:'([^']*)'|(\S+)) )?.*?-l ([a-z][a-z0-9-]*)", line)
        if where is None:
            continue
        condition = where[1] or where[2] or ""
        commands = re.search(r"__enclume_in ([a-z ]+)", condition)
        if program.subcommand and (commands is None or program.key not in commands[1].split()):
            continue
        if not program.subcommand and commands is not None:
            continue
        options.add("--" + where[3])
    return options


# ---- comparing ----

problems = []


def compare(where, program, wanted, found):
    problems.extend(f"{where}: {program.line} {name} is missing" for name in sorted(wanted - found))
    problems.extend(f"{where}: {program.line} has no {name}" for name in sorted(found - wanted))


def check_options(source, bin_dir):
    commands = subcommands(bin_dir)
    everything = set()
    count = 0
    for program in [ENCLUME, *commands, *OTHERS]:
        # enclume itself has no table of options; these two are in its main().
        wanted = {"--help", "--version"} if program is ENCLUME else program.options(bin_dir)
        if not wanted:
            problems.append(f"{program.line} --help lists no option")
        everything |= wanted
        count += len(wanted)
        compare(f"man/{program.page}", program, wanted, page_options(page_text(source, program.page)))
        compare("completions/bash", program, wanted, bash_options(source, program))
        compare("completions/zsh", program, wanted, zsh_options(source, program))
        compare("completions/fish", program, wanted, fish_options(source, program))
    # An example, or a reference to another page, may name an option of any program; not one that none has.
    for page in sorted((source / "man").glob("*.[18]")):
        for name in sorted(page_mentions(page_text(source, page.name)) - everything):
            problems.append(f"man/{page.name}: {name} is an option of no program")
    check_subcommands(source, [program.key for program in commands])
    return f"{count} options of {len(commands) + 1 + len(OTHERS)} programs and subcommands"


def check_subcommands(source, wanted):
    page = page_text(source, "enclume.1")
    bash = run("bash", "-c", 'source "$1" && words=(enclume "") && COMP_WORDS=("${words[@]}") COMP_CWORD=1 && '
               '_enclume && printf "%s\\n" "${COMPREPLY[@]}"', "bash", str(source / "completions/bash/enclume"))
    zsh = (source / "completions/zsh/_enclume").read_text()
    fish = (source / "completions/fish/enclume.fish").read_text()
    found = {
        "man/enclume.1": re.findall(r"^\.It Ic ([a-z]+)$", page, re.M),
        "completions/bash": [word for word in bash.stdout.split() if not word.startswith("-")],
        "completions/zsh": re.findall(r'^ +([a-z]+)\\:"', zsh[zsh.index("1:command:") :], re.M),
        "completions/fish": re.findall(r"^complete -c enclume -n __fish_use_subcommand -a ([a-z]+)", fish, re.M),
    }
    for where, names in found.items():
        compare(where, ENCLUME, set(wanted), set(names))


def check_mandoc(source, _bin_dir):
    pages = sorted((source / "man").glob("*.[138]"))
    if not pages:
        problems.append("there are no manual pages")
    for page in pages:
        result = run("mandoc", "-Tlint", "-Wwarning", str(page))
        problems.extend((result.stdout + result.stderr).splitlines())
    return f"{len(pages)} manual pages"


# A line that is being typed, and what must be among the answers.
TYPED = [
    ("enclume ver", "verify"),
    ("enclume chat --trust", "--trust-simulated"),
    ("enclume verify READ", "README.md"),
    ("enclume proxy --token", "--token-file"),
    ("enclume proxy --listen 127", "127.0.0.1:8787"),
    ("enclume chat --trust-simulated READ", "README.md"),
    ("enclume verify --snp-report READ", "README.md"),
    ("enclume verify --report", "--report-data"),
    ("enclume inspect READ", "README.md"),
    ("enclume collateral fe", "fetch"),
    ("enclume collateral fetch --prod", "--product"),
    ("enclume measure ", "simulated"),
    ("enclume measure simulated --platform ", "tdx"),
    ("enclume model dig", "digest"),
    ("enclume policy sh", "show"),
    ("enclume policy check READ", "README.md"),
    ("enclume verify --policy READ", "README.md"),
    ("enclume policy show --canon", "--canonical"),
    ("enclume model digest READ", "README.md"),
    ("enclumed --evidence ", "simulated"),
    ("enclumed --evidence t", "tsm"),
    ("enclumed --collateral v", "vsock:"),
    ("enclume-gateway --back", "--backends"),
    ("enclume-gateway --backend v", "vsock:"),
    ("enclume-gateway --listen w", "wss:"),
    ("enclume-simulator --root", "--root-out"),
    ("enclume-simulator --platform ", "tdx"),
    ("enclume-simulator --json -- enclumed --max-conn", "--max-connections"),
]


def check_bash(source, _bin_dir):
    script = source / "completions/bash/enclume"
    problems.extend(run("bash", "-n", str(script)).stderr.splitlines())
    for line, wanted in TYPED:
        result = run("bash", "-uc", 'cd "$1" && source completions/bash/enclume && IFS=" " && set -f && '
                     'COMP_WORDS=($2) && if [[ $2 == *" " ]]; then COMP_WORDS+=(""); fi && '
                     'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) && _enclume && printf "%s\\n" "${COMPREPLY[@]}"',
                     "bash", str(source), line)
        if wanted not in result.stdout.splitlines():
            problems.append(f"bash: {line!r} is not completed to {wanted}: {result.stdout}{result.stderr}")
    return f"{len(TYPED)} lines completed"


def check_zsh(source, _bin_dir):
    problems.extend(run("zsh", "-n", str(source / "completions/zsh/_enclume")).stderr.splitlines())
    return "parsed"


def check_fish(source, _bin_dir):
    script = source / "completions/fish/enclume.fish"
    problems.extend(run("fish", "-n", str(script)).stderr.splitlines())
    for line, wanted in TYPED:
        result = run("fish", "--no-config", "-c", 'cd $argv[1]; source completions/fish/enclume.fish; complete -C $argv[2]',
                     str(source), line)
        if wanted not in [answer.split("\t")[0] for answer in result.stdout.splitlines()]:
            problems.append(f"fish: {line!r} is not completed to {wanted}: {result.stdout}{result.stderr}")
    return f"{len(TYPED)} lines completed"


CHECKS = {
    "options": (check_options, "bash"),
    "mandoc": (check_mandoc, "mandoc"),
    "bash": (check_bash, "bash"),
    "zsh": (check_zsh, "zsh"),
    "fish": (check_fish, "fish"),
}


def main():
    if len(sys.argv) != 4 or sys.argv[3] not in CHECKS:
        sys.exit(__doc__)
    check, needed = CHECKS[sys.argv[3]]
    if shutil.which(needed) is None:
        print(f"skipped: {needed} is not installed")
        sys.exit(77)
    done = check(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
    for problem in problems:
        print(f"FAILED: {problem}")
    if problems:
        sys.exit(1)
    print(f"{sys.argv[3]}: {done}")


main()
