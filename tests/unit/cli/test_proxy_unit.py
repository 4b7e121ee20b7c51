#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume proxy --install and --uninstall: what they write, and that systemd would start the very same command line.

usage: test_proxy_unit.py ENCLUME
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MEASUREMENT = "ab" * 48


def unquote(text):
    """A command line as systemd reads it: words in double quotes, with C escapes, %% and $$."""
    words = []
    for word in re.findall(r'"((?:[^"\\]|\\.)*)"', text):
        words.append(re.sub(r"\\(.)", r"\1", word).replace("%%", "%").replace("$$", "$"))
    return words


def main():
    enclume = os.path.realpath(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        config = pathlib.Path(directory, "config")
        here = pathlib.Path(directory, "50% of it")
        here.mkdir()
        environment = {**os.environ, "XDG_CONFIG_HOME": str(config), "HOME": directory}
        unit = config / "systemd/user/enclume-proxy.service"
        checks = []

        def run(*arguments):
            return subprocess.run([enclume, "proxy", *arguments], cwd=here, env=environment, capture_output=True,
                                  text=True, timeout=60, check=False)

        def check(name, good):
            checks.append(good)
            if not good:
                print(f"FAILED: {name}")

        plain = ["--connect", "vm.example:7878", "--measurement", MEASUREMENT]
        result = run(*plain, "--install")
        check("installs", result.returncode == 0 and unit.exists())
        check("says what it did, and how to start it",
              str(unit) in result.stdout and "systemctl --user enable --now enclume-proxy" in result.stdout)
        text = unit.read_text()
        check("for its owner alone", unit.stat().st_mode & 0o777 == 0o600)
        line = re.search(r"^ExecStart=(.*)$", text, re.M)[1]
        check("the same command line, and a token that lasts",
              unquote(line) == [enclume, "proxy", *plain, "--token-file", str(config / "enclume/token")])
        check("nothing was started or made", not (config / "enclume/token").exists())
        check("started here", f"WorkingDirectory={here}".replace("%", "%%") in text)
        if shutil.which("systemd-analyze"):
            result = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True,
                                    text=True, timeout=60, check=False, env={**environment, "SYSTEMD_LOG_LEVEL": "warning"})
            check(f"systemd finds nothing wrong: {result.stderr}", unit.name not in result.stderr)
        else:
            print("skipped: systemd-analyze is not installed")

        odd = ["--connect", "unix:a socket", "--measurement", MEASUREMENT, "--token-file", 'to"ken $x \\ 100%',
               "--allow-origin", "https://app.example"]
        result = run("--install", *odd)
        line = re.search(r"^ExecStart=(.*)$", unit.read_text(), re.M)[1]
        check("odd names are quoted", result.returncode == 0 and unquote(line) == [enclume, "proxy", *odd])

        result = run("--install", "--connect", "a\n[Service]", "--measurement", MEASUREMENT)
        check("a line's end is refused", result.returncode == 2 and "[Service]\nE" not in unit.read_text())
        result = run("--install", "--listen", "0.0.0.0:8787", "--measurement", MEASUREMENT)
        check("so is what the proxy would refuse", result.returncode == 2 and "0.0.0.0" in result.stderr)

        result = run("--uninstall")
        check("uninstalls", result.returncode == 0 and not unit.exists() and str(unit) in result.stdout)
        check("once", run("--uninstall").returncode == 2)
        environment.pop("XDG_CONFIG_HOME")
        check("below HOME without XDG_CONFIG_HOME",
              run(*plain, "--install").returncode == 0 and
              pathlib.Path(directory, ".config/systemd/user/enclume-proxy.service").exists())
    print(f"{sum(checks)} of {len(checks)} passed")
    return 0 if all(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
