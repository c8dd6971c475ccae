# SPDX-License-Identifier: GPL-2.0-only
"""An experiment in one archive, for machines that have nothing of this tree:
kernels, images, the plugin, the emulator if it is one that was fetched (with
its loader and libraries), a command a run, and a script that runs them.

Their results come back as its directory cells/, in the place of this one's.
"""
import hashlib
import io
import pathlib
import re
import shlex
import subprocess
import tarfile

from . import plan as planning
from .common import ROOT, Refused, say, variables

MODES = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.xz": "w:xz"}
EMULATOR = "qemu-system-x86_64"

# What runs there; @...@ is filled in
RUN = r"""#!/bin/sh
# ./run [--jobs N] [RUN...]: those that have not passed yet; all of them.
# It needs a shell, coreutils, grep and xargs@QEMU_TOO@.

cd "$(dirname "$0")" || exit 1
@FIND@
verdict() { echo "$2" >"cells/$1/verdict"; echo "$1: $2" >&2; }

# judge RUN STATUS: the last record knows how many there were, and the end
judge()
{
	end=$(tail -n 1 "cells/$1/records.jsonl" 2>/dev/null)
	count=$(grep -c . "cells/$1/records.jsonl" 2>/dev/null)
	case $end in
	*'"record":"end"'*'"verdict":"passed"'*) ;;
	*'"record":"end"'*)
		verdict "$1" "failed: $(echo "$end" |
			sed -n 's/.*"reason":"\([^"]*\)".*/\1/p')"
		return 1;;
	*)
		verdict "$1" "failed: the guest did not come to its end \
(status $2, see console.log and qemu.log)"
		return 1;;
	esac
	case $end in
	*"\"records\":$count"[,}]*) verdict "$1" passed;;
	*) verdict "$1" "failed: not all records arrived"; return 1;;
	esac
}

one()
{
	[ "$(cat "cells/$1/verdict" 2>/dev/null)" != passed ] || return 0
	[ -r "commands/$1" ] || { echo "there is no run $1" >&2; return 2; }
	mkdir -p "cells/$1"
	rm -f "cells/$1/records.jsonl"
	echo "failed: did not run" >"cells/$1/verdict"
	cp "manifests/$1" "cells/$1/manifest.json"
	begin=$(date +%s)
	(cd "cells/$1" && exec timeout "$(cat "../../timeouts/$1")" \
		sh "../../commands/$1" >console.log 2>qemu.log </dev/null)
	judge "$1" $? || return 1
	echo $(($(date +%s) - begin)) >"cells/$1/seconds"
}

jobs=1
if [ "$1" = --jobs ]; then
	jobs=$2
	shift 2
fi
if [ $# = 1 ]; then
	one "$1"
	exit
fi
[ $# != 0 ] || set -- $(cat runs)
status=0
printf '%s\n' "$@" | xargs -n 1 -P "$jobs" ./run || status=1
exit $status
"""
FOUND = """QEMU=${QEMU:-$PWD/qemu/qemu-system-x86_64}
export QEMU
"""
OWN = r"""# find_qemu: its version is @MIN@ or newer
find_qemu()
{
	version=$("$QEMU" --version 2>/dev/null | sed -n \
		's/^QEMU emulator version \([0-9.]*\).*/\1/p')
	[ "$version" ] && [ "$(printf '%s\n' "@MIN@" "$version" | sort -V |
		head -n 1)" = "@MIN@" ]
}

QEMU=$(command -v "${QEMU:-qemu-system-x86_64}")
export QEMU
find_qemu || {
	echo "run: a qemu-system-x86_64 of @MIN@ or newer is needed: QEMU=PATH" >&2
	exit 3
}
"""


def mode(path):
    """Of that file; Refused: it is no archive's name."""
    for suffix, found in MODES.items():
        if str(path).endswith(suffix):
            return found
    raise Refused(2, f"--bundle {path}: a name ending in "
                  f"{', '.join(MODES)}")


def write(path, plan):
    """The archive of a plan."""
    base = pathlib.Path(path).name.partition(".tar")[0].removesuffix(".tgz")
    with tarfile.open(path, mode(path)) as archive:
        Bundle(archive, base, plan).fill()
    say(f"{path}: {pathlib.Path(path).stat().st_size / 2 ** 20:.0f} MiB")


class Bundle:
    def __init__(self, archive, base, plan):
        self.archive, self.base, self.plan = archive, base, plan
        self.there, self.qemu = {}, None

    def add_text(self, name, text, executable=False):
        data = text.encode("utf-8", "surrogateescape")
        info = tarfile.TarInfo(f"{self.base}/{name}")
        info.size, info.mode = len(data), 0o755 if executable else 0o644
        self.archive.addfile(info, io.BytesIO(data))

    def add(self, path, name):
        """A file, or a directory with all that is in it; its name there."""
        def nobody(info):
            info.uid = info.gid = info.mtime = 0
            info.uname = info.gname = ""
            return info
        if path not in self.there:
            self.there[path] = name
            self.archive.add(path, f"{self.base}/{name}", filter=nobody)
        return self.there[path]

    def fill(self):
        for cell in self.plan["cells"]:
            self.check(cell)
            self.add_text(f"commands/{cell['id']}", self.command(cell))
            self.add_text(f"timeouts/{cell['id']}", f"{cell['timeout']}\n")
        hashes = {self.there[path]: sha256(path) for path in self.there
                  if path.is_file()}
        for cell in self.plan["cells"]:
            self.add_text(f"manifests/{cell['id']}",
                          planning.manifest(cell, self.plan, hashes))
        self.add_text("runs", "".join(f"{c['id']}\n"
                                      for c in self.plan["cells"]))
        least = next(value for name, value, _ in variables()
                     if name == "QEMU_MIN")
        find = FOUND if self.qemu else OWN.replace("@MIN@", least)
        self.add_text("run", RUN.replace("@FIND@", find).replace(
            "@QEMU_TOO@", "" if self.qemu else f", and QEMU {least}"), True)

    @staticmethod
    def check(cell):
        """The guests of an archive have one image, and no files besides."""
        for word in ("--add", "--package", "--script"):
            if word in cell["words"][:cell["words"].index("--once")]:
                raise Refused(2, f"--bundle: {cell['id']} has {word[2:]}, and "
                              "the guests of an archive have no such files")
        for before, word in zip(cell["words"], cell["words"][1:]):
            word = word if before == "--policy" else \
                word.partition("--policy=")[2]
            if "/" in word:
                raise Refused(2, f"--bundle: {cell['id']} has a policy's file "
                              f"({word}), which the guests of an archive lack")

    def command(self, cell):
        """The emulator's, with what it reads in this archive."""
        done = subprocess.run(
            ["env", *planning.settings(cell), ROOT / "build.sh", "qemu-line",
             cell["topology"], *cell["words"]], stdout=subprocess.PIPE,
            text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise SystemExit(done.returncode)
        words = shlex.split(done.stdout.replace("\\\n", " "))
        words = words[:words.index("</dev/null")]
        for i, word in enumerate(words):
            before = words[i - 1] if i else ""
            if pathlib.Path(word).name == EMULATOR:
                self.emulator(pathlib.Path(word).parent)
                words[i] = None
            elif before == "-kernel":
                words[i] = self.inside(word, "kernels")
            elif before == "-initrd":
                words[i] = self.inside(word, "images")
            elif before == "-plugin":
                file, rest = re.match("((?:[^,]|,,)*)(.*)", word).groups()
                words[i] = self.inside(file.replace(",,", ","), "plugin") + rest
        return " ".join('"$QEMU"' if w is None else shlex.quote(w)
                        for w in words) + "\n"

    def emulator(self, directory):
        """One that was fetched is whole; the machine's own is not."""
        if (directory / "version").is_file() and not self.qemu:
            self.qemu = self.add(directory, "qemu")

    def inside(self, file, room):
        """A file of that room, seen from a run's directory; kernels have one
        name in many directories."""
        path = pathlib.Path(file)
        name = path.name if room == "plugin" else \
            f"{path.parent.name}-{path.name}"
        return "../../" + self.add(path, f"{room}/{name}")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
