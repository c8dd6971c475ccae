# SPDX-License-Identifier: GPL-2.0-only
"""A bundle: what is in it, and the script's own judgement.  In place of build.sh
and of an emulator there are scripts; test/matrix/cluster.t has real ones."""
import os
import subprocess
import tarfile
from unittest import mock

from expt import bundle
from given import Case

END = '{"record":"end","seq":2,"records":2,"verdict":"%s","status":0%s}\n'


class Bundles(Case):
    def setUp(self):
        super().setUp()
        self.there = self.tmp / "there"
        for file in ("kernel/6.12/vmlinuz", "kernel/7.3/vmlinuz",
                     "image/6.12/initramfs.cpio", "image/7.3/initramfs.cpio",
                     "plug,in.so"):
            (self.there / file).parent.mkdir(parents=True, exist_ok=True)
            (self.there / file).write_text(file)
        self.qemu = self.there / "qemu" / "qemu-system-x86_64"
        self.qemu.parent.mkdir()
        (self.there / "build.sh").write_text(f"""#!/bin/sh
printf '%s \\\\\\n' "env A=1 {self.qemu}" "-m $MEM" \\
    "-kernel {self.there}/kernel/$KERNEL/vmlinuz" \\
    "-initrd {self.there}/image/$KERNEL/initramfs.cpio" "-append 'a $4'"
echo "-plugin {str(self.there).replace(',', ',,')}/plug,,in.so,record=pmu.json" \\
    "</dev/null"
[ "$4" != fails ]
""")
        (self.there / "build.sh").chmod(0o755)
        patch = mock.patch.object(bundle, "ROOT", self.there)
        patch.start()
        self.addCleanup(patch.stop)
        self.cells = [
            {"id": f"{c}.1", "cell": c, "repeat": 1, "topology": "cxl",
             "mem": "512M", "cxl_mem": "256M", "smp": "2", "timeout": "9",
             "kernel": kernel, "words": ["--once", "gups", c]}
            for c, kernel in (("a", "6.12"), ("b", "7.3"), ("c", "7.3"))]
        self.plan = {"cells": self.cells, "kernel": "6.12", "qemu": "11.1"}

    def write(self, name="x.tar"):
        bundle.write(self.tmp / name, self.plan)
        with tarfile.open(self.tmp / name) as archive:
            archive.extractall(self.tmp)
        return self.tmp / "x"

    def run_it(self, *arguments, **env):
        done = subprocess.run(
            ["sh", self.tmp / "x" / "run", *arguments], check=False, text=True,
            env={"PATH": os.environ["PATH"], **env}, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, cwd="/")
        return done.returncode, done.stdout

    def fetched(self, script):
        (self.qemu.parent / "version").write_text("11.1\n")
        self.qemu.write_text(f"#!/bin/sh\n{script}")
        self.qemu.chmod(0o755)

    def test_what_is_in_it(self):
        self.fetched("")
        x = self.write("x.tar.gz")
        self.assertEqual((x / "commands" / "b.1").read_text(), (
            'env A=1 "$QEMU" -m 512M -kernel ../../kernels/7.3-vmlinuz '
            "-initrd ../../images/7.3-initramfs.cpio -append 'a gups' "
            "-plugin ../../plugin/plug,in.so,record=pmu.json\n"))
        self.assertEqual(sorted(p.name for p in (x / "kernels").iterdir()),
                         ["6.12-vmlinuz", "7.3-vmlinuz"])
        self.assertEqual((x / "kernels" / "7.3-vmlinuz").read_text(),
                         "kernel/7.3/vmlinuz")
        self.assertTrue((x / "qemu" / "qemu-system-x86_64").is_file())
        self.assertIn("plugin/plug,in.so",
                      (x / "manifests" / "a.1").read_text())
        self.refused(2, "a name ending in .tar,", bundle.mode, "x.zip")
        self.cells[0]["words"] = ["--once", "fails"]
        with self.assertRaises(SystemExit):
            bundle.write(self.tmp / "y.tar", self.plan)

    def test_policies_files_are_not(self):
        for words in (["--policy", "/x/a.policy"], ["--policy=/x/a.policy"]):
            self.cells[1]["words"] = ["--once", "gups", "1G", *words]
            self.refused(2, r"b\.1 has a policy's file \(/x/a.policy\)",
                         self.write)

    def test_the_script_judges(self):
        end = END.replace("\n", "\\n")
        self.fetched(f"""case "$*" in
*6.12-vm*) printf '{{}}\\n{end % ("passed", "")}' >records.jsonl;;
*) [ -e ../../again ] || exit 3
   printf '{{}}\\n{end % ("failed", ',"reason":"no room"')}' \\
      >records.jsonl;;
esac
echo said
""")
        x = self.write()
        status, said = self.run_it()
        self.assertEqual(status, 1)
        self.assertIn("a.1: passed", said)
        self.assertIn("b.1: failed: the guest did not come to its end "
                      "(status 3", said)
        self.assertEqual((x / "cells" / "a.1" / "console.log").read_text(),
                         "said\n")
        self.assertTrue((x / "cells" / "a.1" / "manifest.json").is_file())
        (x / "again").touch()
        status, said = self.run_it("--jobs", "2")
        self.assertNotIn("a.1", said)       # which has passed
        self.assertIn("b.1: failed: no room", said)
        status, said = self.run_it("z.1")
        self.assertEqual((status, said), (2, "there is no run z.1\n"))
        self.assertEqual(self.run_it("a.1"), (0, ""))
        # A hole in the records is no pass
        self.fetched(f"printf '{end % ('passed', '')}' >records.jsonl")
        self.write()
        (x / "cells" / "a.1" / "verdict").unlink()
        self.assertIn("a.1: failed: not all records", self.run_it("a.1")[1])

    def test_an_emulator_of_that_machine(self):
        self.write()
        other = self.tmp / "other"
        for version, status in (("11.0.9", 3), ("9.2", 3), ("11.1", 1),
                                ("12.0.0", 1)):
            other.write_text(f"#!/bin/sh\necho QEMU emulator version {version}\n")
            other.chmod(0o755)
            found, said = self.run_it(QEMU=str(other))
            self.assertEqual(found, status, said)
