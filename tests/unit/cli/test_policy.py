#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Policy documents: the code, docs/policy.md and docs/policy.schema.json say the same, and the commands go by them.

    test_policy.py SOURCE-DIRECTORY ENCLUME POLICY_MEMBERS WRITE_BUNDLE [unittest options]
"""
import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = ENCLUME = MEMBERS = WRITE_BUNDLE = ""
DONE, REFUSED, USAGE = 0, 1, 2


def run(*command, cwd=None):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=cwd)


def enclume(*arguments, cwd=None):
    return run(ENCLUME, *arguments, cwd=cwd)


# ---- what the code says ----


class Member:
    def __init__(self, line):
        self.path, self.kind, required, size, least, most, words = line.split("\t")
        self.required = required == "1"
        self.size, self.min, self.max = int(size), int(least), int(most)
        self.words = words.split(",") if words else []


def members():
    rows = [Member(line) for line in run(MEMBERS).stdout.splitlines()]
    return {row.path: row for row in rows}


# ---- what the documentation says ----


def document():
    return (pathlib.Path(SOURCE) / "docs/policy.md").read_text()


def table_rows(columns):
    """The rows of tables with that many columns, cells stripped; without head and rule."""
    for line in document().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")] if line.startswith("|") else []
        if len(cells) == columns and not set(cells[0]) <= set("-|"):
            yield cells


def documented():
    """[path] = (value, default, meaning)"""
    found = {}
    for line in document().splitlines():
        match = re.match(r"^\| `([a-z0-9_.\[\]]+)`(?: to `[a-z]+(\d+)`)? \| (.*?) \|(.*?)\| (.*) \|$", line)
        if match is None:
            continue
        # "`a.pcr0` to `pcr23`" is a row for each.
        names = [match[1]] if match[2] is None else [match[1].removesuffix("0") + str(n) for n in range(int(match[2]) + 1)]
        for name in names:
            found[name] = (match[3].strip(), match[4].strip(), match[5])
    return found


def examples():
    return re.findall(r"```json\n(.*?)```", document(), re.S)


# ---- what the schema says; as much of JSON Schema as it uses ----

KEYWORDS = {"$schema", "$comment", "$defs", "title", "description", "type", "additionalProperties", "required", "properties", "const",
            "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "items", "minItems", "maxItems", "uniqueItems", "anyOf", "$ref"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}


def schema():
    return json.loads((pathlib.Path(SOURCE) / "docs/policy.schema.json").read_text())


def resolve(root, node):
    if "$ref" not in node:
        return node
    name = node["$ref"].removeprefix("#/$defs/")
    return {**root["$defs"][name], **{k: v for k, v in node.items() if k != "$ref"}}


def same(a, b):
    return type(a) is type(b) and a == b


def valid(root, node, value):
    node = resolve(root, node)
    unknown = set(node) - KEYWORDS
    assert not unknown, f"the test does not know {unknown}"
    if "type" in node and (not isinstance(value, TYPES[node["type"]]) or (node["type"] == "integer" and isinstance(value, bool))):
        return False
    checks = [
        "const" not in node or same(value, node["const"]),
        "enum" not in node or any(same(value, word) for word in node["enum"]),
        "anyOf" not in node or any(valid(root, one, value) for one in node["anyOf"]),
    ]
    if isinstance(value, str):
        checks += ["pattern" not in node or re.fullmatch(node["pattern"], value) is not None,
                   node.get("minLength", 0) <= len(value) <= node.get("maxLength", len(value))]
    if isinstance(value, int):
        checks += [node.get("minimum", value) <= value <= node.get("maximum", value)]
    if isinstance(value, list):
        checks += [node.get("minItems", 0) <= len(value) <= node.get("maxItems", len(value)),
                   not node.get("uniqueItems") or len({json.dumps(item) for item in value}) == len(value)]
        checks += [valid(root, node["items"], item) for item in value if "items" in node]
    if isinstance(value, dict):
        known = node.get("properties", {})
        checks += [key in value for key in node.get("required", [])]
        checks += [key in known or node.get("additionalProperties", True) for key in value]
        checks += [valid(root, known[key], item) for key, item in value.items() if key in known]
    return all(checks)


def schema_paths(root, node=None, before=""):
    """[path] = (node, required)"""
    node = root if node is None else node
    found = {}
    for key, child in node.get("properties", {}).items():
        path = before + key
        child = resolve(root, child)
        found[path] = (child, key in node.get("required", []))
        records = [child, *child.get("anyOf", [])]
        items = [one["items"] for one in records if "properties" in one.get("items", {})]
        if "properties" in child:
            found.update(schema_paths(root, child, path + "."))
        for item in items:
            found.update(schema_paths(root, item, path + "[]."))
    return found


def expected_node(m):
    """What the schema must hold of a member, without what is below it."""
    digits = {"type": "string", "pattern": f"^[0-9a-fA-F]{{{2 * m.size}}}$"}
    text = {"type": "string", "pattern": "^[ -~]+$", "minLength": 1, "maxLength": m.size}
    number = {"type": "integer", "minimum": m.min, "maximum": m.max}
    return {
        "version": {"const": 1},
        "object": {"type": "object", "additionalProperties": False},
        "bool": {"type": "boolean"},
        "number": number,
        "number_or_any": {"anyOf": [number, {"const": "any"}]},
        "mask": {"type": "string", "pattern": "^0x[0-9a-fA-F]{1,16}$"},
        "dotted": {"type": "string"},
        "word": {"enum": m.words},
        "words": {"type": "array", "uniqueItems": True, "items": {"enum": m.words}, **({"minItems": m.min} if m.min else {})},
        "rule": {"enum": m.words},
        "text": text,
        "texts": {"type": "array", "maxItems": m.max, "items": text},
        "text_or_any": text,
        "octets": {"type": "array", "maxItems": m.max, "items": {"type": "string", "pattern": f"^([0-9a-fA-F]{{2}}){{1,{m.size}}}$"}},
        "bytes": digits,
        "value": {"anyOf": [digits, {"const": "any"}]},
        "values": {"type": "array", "maxItems": m.max, "items": digits},
        "records": {"type": "array", "maxItems": m.max, "items": {"type": "object", "additionalProperties": False}},
        "records_or_shipped": {"anyOf": [{"const": "shipped"}, {"type": "array", "maxItems": m.max,
                                                               "items": {"type": "object", "additionalProperties": False}}]},
        "roots": {"type": "array", "maxItems": m.max, "items": {"type": "string"}},
    }[m.kind]


def bare(root, node, dotted=False):
    """Without descriptions and what is below an object."""
    if isinstance(node, list):
        return [bare(root, item) for item in node]
    if not isinstance(node, dict):
        return node
    left_out = {"description", "properties", "required"} | ({"pattern"} if dotted else set())
    return {key: bare(root, value) for key, value in resolve(root, node).items() if key not in left_out}


def at_path(value, path):
    for key in path.split("."):
        value = value[key]
    return value


class SameMembers(unittest.TestCase):
    def test_code_documentation_and_schema_name_the_same_members(self):
        code = set(members())
        self.assertGreater(len(code), 70)
        self.assertEqual(code, set(documented()))
        self.assertEqual(code, set(schema_paths(schema())))

    def test_the_schema_wants_what_the_code_wants(self):
        root = schema()
        self.assertEqual(root["type"], "object")
        self.assertIs(root["additionalProperties"], False)
        nodes = schema_paths(root)
        for path, member in members().items():
            node, required = nodes[path]
            with self.subTest(path):
                self.assertEqual(bare(root, node, member.kind == "dotted"), expected_node(member))
                self.assertEqual(required, member.required)
                self.assertTrue(node["description"])

    def test_the_documentation_says_what_the_code_wants(self):
        for path, member in members().items():
            value, default, _meaning = documented()[path]
            with self.subTest(path):
                if member.kind in ("bytes", "value", "values"):
                    self.assertIn(f"*hex {member.size}*", value)
                if member.kind in ("value", "number_or_any", "text_or_any"):
                    self.assertIn('`"any"`', value)
                if member.kind in ("values", "texts", "octets", "records", "records_or_shipped", "roots"):
                    self.assertIn(f"at most {member.max}", value)
                if member.kind in ("number", "number_or_any"):
                    self.assertIn(f"{member.min} to {member.max}", value)
                if member.kind in ("text", "text_or_any", "texts"):
                    self.assertIn(f"1 to {member.size} characters", value)
                if member.kind in ("word", "words"):
                    self.assertEqual(re.findall(r'`"([^"]*)"`', value), member.words)
                for kind, said in {"rule": "*rule*", "mask": "*mask*", "bool": "boolean", "object": "object"}.items():
                    self.assertEqual(member.kind == kind, value == said)
                self.assertEqual(member.required, default == "mandatory")

    def test_the_defaults_are_those_that_are_shown(self):
        shown = json.loads(enclume("policy", "show").stdout)
        for path, (_value, default, _meaning) in documented().items():
            if default not in ("", "mandatory"):
                with self.subTest(path):
                    self.assertEqual(json.loads(default.strip("`")), at_path(shown, path))

    def test_the_floors_are_those_that_are_shipped(self):
        source = (pathlib.Path(SOURCE) / "src/attest/snp_floor.c").read_text()
        row = r"\{0x(\w+), 0x(\w+), 0x(\w+), (\w+), SNP_(\w+), 0x(\w+), (\w+), \"([^\"]+)\"\}"
        shipped = set()
        for family, first, last, stepping, part, level, _smt, bulletin in re.findall(row, source):
            stepping = "any" if stepping == "SNP_STEPPING_ANY" else stepping
            part = {"FIRMWARE": "SNP firmware", "MICROCODE": "microcode"}[part]
            shipped.add((int(family, 16), int(first, 16), int(last, 16), stepping, part, int(level, 16), bulletin))
        said = set()
        for chips, stepping, part, levels, bulletins in table_rows(5):
            match = re.fullmatch(r"(\w+)h, (\w+)h(?: to (\w+)h)?", chips)
            if match is None:
                continue
            for level, bulletin in zip(levels.split(", "), bulletins.split(", "), strict=True):
                said.add((int(match[1], 16), int(match[2], 16), int(match[3] or match[2], 16), stepping, part, int(level, 16), bulletin))
        self.assertGreater(len(shipped), 5)
        self.assertEqual(shipped, said)


class Directory(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = pathlib.Path(self.directory.name)

    def policy(self, value, name="policy.json"):
        (self.path / name).write_text(value if isinstance(value, str) else json.dumps(value))
        return name

    def enclume(self, *arguments):
        return enclume(*arguments, cwd=self.directory.name)

    def check(self, value):
        return self.enclume("policy", "check", self.policy(value))


class Examples(Directory):
    def test_the_examples_are_policies(self):
        self.assertEqual(len(examples()), 3)
        root = schema()
        for text in examples():
            result = self.check(text)
            self.assertEqual((result.returncode, result.stderr), (DONE, ""))
            self.assertRegex(result.stdout, r"^A policy\. It accepts \d+ measurement\(s\) of SEV-SNP and \d+ launch\(es\) of TDX\.\n$")
            self.assertTrue(valid(root, root, json.loads(text)))

    def test_what_is_shown_is_a_policy_and_stays_the_same(self):
        root = schema()
        for text in [*examples(), '{"version":1}']:
            shown = self.enclume("policy", "show", self.policy(text))
            self.assertEqual(shown.returncode, DONE)
            self.assertTrue(valid(root, root, json.loads(shown.stdout)))
            again = self.enclume("policy", "show", self.policy(shown.stdout, "again.json"))
            self.assertEqual(shown.stdout, again.stdout)
            canonical = [self.enclume("policy", "show", "--canonical", name).stdout for name in ("policy.json", "again.json")]
            self.assertEqual(canonical[0], canonical[1])
            self.assertEqual(canonical[0], json.dumps(json.loads(shown.stdout), sort_keys=True, separators=(",", ":")) + "\n")

    def test_schema_and_program_refuse_the_same(self):
        """The first example with one thing changed, everywhere in it."""
        root = schema()
        for text in examples()[:2]:
            whole = json.loads(text)
            places = list(walk(whole))
            for place in places:
                for wrong in (None, -1, "wrong", [None], {"wrong": 1}):
                    changed = copy.deepcopy(whole)
                    put(changed, place, wrong)
                    if valid(root, root, changed):
                        continue
                    result = self.check(changed)
                    with self.subTest(place=place, wrong=wrong):
                        self.assertEqual(result.returncode, USAGE)
                        self.assertIn(f"policy.json: {name_of(place)}", result.stderr)
            self.assertGreater(len(places), 20)


def walk(value, place=()):
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*place, key)
        yield from walk(child, (*place, key))


def put(value, place, new):
    for key in place[:-1]:
        value = value[key]
    value[place[-1]] = new


def name_of(place):
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place)[1:]


class Commands(Directory):
    HEX = "3f" * 48

    def shown(self, *arguments):
        result = self.enclume("policy", "show", *arguments)
        self.assertEqual(result.returncode, DONE, result.stderr)
        return json.loads(result.stdout)

    def refused(self, message, *arguments):
        result = self.enclume("policy", *arguments)
        self.assertEqual((result.returncode, result.stdout), (USAGE, ""))
        self.assertIn(message, result.stderr)

    def test_check_says_what_is_wrong_and_where(self):
        for text, where in {
            '{"version":1,"tdx":{"launches":[{"mrtd":"00"}]}}': "tdx.launches[0].mrtd: ",
            '{"version":1,"snp":{"vmpl":4}}': "snp.vmpl: ",
            '{"version":1,"gpu2":{}}': "gpu2: ",
            '{"version":3}': "version: ",
            '{"version":1': "JSON error at byte 12",
            '{"version":1,"version":1}': "JSON error",
            "": "JSON error",
        }.items():
            result = self.check(text)
            self.assertEqual((result.returncode, result.stdout), (USAGE, ""))
            self.assertIn(f"policy.json: {where}", result.stderr)
        self.refused("No such file", "check", "none.json")

    def test_check_says_that_a_policy_refuses_everything(self):
        result = self.check('{"version":1}')
        self.assertEqual(result.returncode, DONE)
        self.assertIn("refuses everything", result.stdout)

    def test_the_commands_are_called_right(self):
        self.policy('{"version":1}')
        self.refused("wanted show or check")
        self.refused("wanted show or check", "print")
        self.refused("check takes one file", "check")
        self.refused("check takes one file", "check", "policy.json", "--allow-milan")
        self.refused("wanted one policy", "show", "policy.json", "policy.json")
        self.refused("wanted one policy", "show", "policy.json", "--policy", "policy.json")

    def test_options_add_to_the_policy(self):
        other = "40" * 48
        self.policy({"version": 1, "models": ["11" * 32], "snp": {"measurements": [other], "vmpl": 2}})
        shown = self.shown("policy.json", "--measurement", self.HEX, "--model-digest", "22" * 32, "--allow-milan")
        self.assertEqual(shown, self.shown("--policy", "policy.json", "--measurement", self.HEX, "--model-digest", "22" * 32, "--allow-milan"))
        self.assertEqual(shown["snp"]["measurements"], [other, self.HEX])
        self.assertEqual(shown["snp"]["vmpl"], 2)
        self.assertIs(shown["snp"]["allow_milan"], True)
        self.assertEqual(shown["models"], ["11" * 32, "22" * 32])
        self.assertEqual(shown["tdx"]["launches"], [])
        self.assertEqual(shown["max_age"], 3600)

    def test_rtmrs_belong_to_the_measurements(self):
        value = "ab" * 48
        registers = ["--rtmr", f"0:{value}", "--rtmr", "1:any", "--rtmr", f"2:{value}", "--rtmr", "3:any"]
        wanted = {"rtmr0": value, "rtmr1": "any", "rtmr2": value, "rtmr3": "any"}
        other = "40" * 48
        self.assertEqual(self.shown("--measurement", self.HEX, *registers, "--measurement", other)["tdx"]["launches"],
                         [{"mrtd": self.HEX, **wanted}, {"mrtd": other, **wanted}])
        self.assertEqual(self.shown("--measurement", self.HEX, "--rtmr", "all:any")["tdx"]["launches"],
                         [{"mrtd": self.HEX, **{f"rtmr{n}": "any" for n in range(4)}}])
        # One that is left out refuses every TD, which a document need not say.
        self.assertEqual(self.shown("--measurement", self.HEX, *registers[:6])["tdx"]["launches"], [])
        self.refused("--rtmr belongs to", "show", "--rtmr", "0:any")
        for wrong in ("4:any", "-1:any", "0", "0:", "any", "0:Any", f"0:{value}0", "all:" + value, ":any", ""):
            self.refused("--rtmr", "show", "--measurement", self.HEX, "--rtmr", wrong)
        self.refused("RTMR1 is given twice", "show", "--measurement", self.HEX, "--rtmr", "1:any", "--rtmr", f"1:{value}")
        self.refused("RTMR1 is given twice", "show", "--measurement", self.HEX, "--rtmr", "all:any", "--rtmr", "1:any")
        self.refused("--rtmr", "show", "--measurement", self.HEX, "--rtmr", "1:any", "--rtmr", "all:any")

    def test_wrong_options_are_refused(self):
        self.policy({"version": 1, "snp": {"measurements": [f"{n:096x}" for n in range(64)]}})
        self.refused("96 hexadecimal digits", "show", "--measurement", "3f")
        self.refused("64 hexadecimal digits", "show", "--model-digest", self.HEX)
        self.refused("at most 64", "show", "policy.json", "--measurement", self.HEX)
        self.refused("no certificate", "show", "--trust-simulated", "policy.json")
        (self.path / "damaged.der").write_bytes(b"0\x82")
        self.refused("damaged.der", "show", "--trust-simulated", "damaged.der")


class Verifying(Directory):
    def setUp(self):
        super().setUp()
        self.assertEqual(run(WRITE_BUNDLE, cwd=self.directory.name).returncode, 0)
        self.measurement = (self.path / "measurement").read_text()

    def verify(self, *arguments):
        return self.enclume("verify", "evidence.json", "--at", "2026-01-01T00:00:00Z", *arguments)

    def failed(self, *arguments):
        result = self.verify("--json", *arguments)
        self.assertEqual(result.returncode, REFUSED, result.stderr)
        return [check["name"] for check in json.loads(result.stdout)["checks"] if not check["passed"]]

    def test_a_policy_file_is_what_the_options_say(self):
        options = ["--measurement", self.measurement, "--trust-simulated", "root.pem"]
        self.assertEqual(self.verify(*options).returncode, DONE)
        self.policy(self.enclume("policy", "show", *options).stdout)
        self.assertEqual(self.verify("--policy", "policy.json").returncode, DONE)
        without = json.loads((self.path / "policy.json").read_text())
        without["simulated_roots"] = []
        self.policy(without)
        self.assertIn("snp.chain.root", self.failed("--policy", "policy.json"))
        self.assertEqual(self.verify("--policy", "policy.json", "--trust-simulated", "root.pem").returncode, DONE)

    def test_a_policy_file_is_gone_by(self):
        base = {"version": 1, "simulated_roots": [(self.path / "root.pem").read_text()], "snp": {"measurements": [self.measurement]}}
        for change, check in (
            ({"platforms": ["tdx"]}, "bundle.platform"),
            ({"models": ["00" * 32]}, "statement.model"),
            ({"snp": {"measurements": []}}, "snp.measurement"),
            ({"snp": {"measurements": [self.measurement], "chips": ["00" * 64]}}, "snp.chip.inventory"),
            ({"snp": {"measurements": [self.measurement], "guest_policy": {"single_socket": "require"}}}, "snp.policy.single_socket"),
        ):
            self.policy({**base, **change})
            self.assertEqual(self.failed("--policy", "policy.json"), [check])

    def test_the_verdict_says_whether_an_inventory_was_checked(self):
        options = ["--measurement", self.measurement, "--trust-simulated", "root.pem"]
        self.assertRegex(self.verify(*options).stdout, r"snp\.chip\.inventory .*no inventory: any chip of AMD")
        claims = json.loads(self.verify("--json", *options).stdout)["claims"]
        self.assertIs(claims["snp"]["inventory_checked"], False)
        self.policy({"version": 1, "snp": {"chips": [claims["chip_id"]]}})
        claims = json.loads(self.verify("--json", "--policy", "policy.json", *options).stdout)["claims"]
        self.assertIs(claims["snp"]["inventory_checked"], True)

    def test_a_wrong_policy_verifies_nothing(self):
        self.policy({"version": 1, "snp": {"measurement": [self.measurement]}})
        for command in (["verify", "evidence.json"], ["chat", "x"]):
            result = self.enclume(*command, "--policy", "policy.json", "--trust-simulated", "root.pem")
            self.assertEqual((result.returncode, result.stdout), (USAGE, ""))
            self.assertIn("policy.json: snp.measurement: ", result.stderr)


if __name__ == "__main__":
    SOURCE, ENCLUME, MEMBERS, WRITE_BUNDLE = [os.path.abspath(argument) for argument in sys.argv[1:5]]
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
