# SPDX-License-Identifier: GPL-2.0-only
"""Runs on other machines, which see this directory under the same name.

Whoever hands them out has begin(runs), ended() and stop().  A run leaves
cells/ID.ended, "STATUS SECONDS"; one without it was killed.
"""
import contextlib
import shlex
import shutil
import subprocess
import time

from . import plan as planning
from .common import Refused, need, say, write

# Slurm takes a thousand tasks of an array, if nobody asked it for more
ARRAY_MAX = 1000
# The emulator's own, beside the guest's memory: code that it translated
EMULATOR_MIB = 1024
# Slurm's clock begins before the guest's
MARGIN_S = 120
POLL_S = 1
SIGNALLED = 128


def task(directory, run):
    """Lines of shell that run it; run: a word of shell, which is its name."""
    cells = shlex.quote(str(directory / "cells"))
    return f"cd {cells} && rm -f {run}.ended && SECONDS=0 && " \
        f"bash ../commands/{run} >{run}.txt 2>&1 </dev/null; " \
        f"echo $? $SECONDS >{run}.ended"


def read_ended(directory, run):
    """(status, seconds), or None: it was killed."""
    with contextlib.suppress(OSError, ValueError):
        status, seconds = map(int, (directory / "cells" / f"{run}.ended")
                              .read_text().split())
        return None if status > SIGNALLED else (status, seconds)
    return None


# --- GNU parallel -------------------------------------------------------------

class Parallel:
    """By ssh, on the machines of a file."""

    def __init__(self, directory, jobs, logins):
        self.directory, self.jobs, self.logins = directory, jobs, logins
        self.log, self.child = directory / "joblog", None
        self.name = f"the machines of {logins}"
        if not shutil.which("parallel") and not need("parallel"):
            raise SystemExit(3)

    def begin(self, runs):
        self.log.unlink(missing_ok=True)
        self.left = list(runs)
        # Its own shell may be any
        script = f"bash -c {shlex.quote(task(self.directory, '$0'))} {{}}"
        self.child = subprocess.Popen(
            ["parallel", "--will-cite", "--jobs", str(self.jobs),
             "--sshloginfile", self.logins, "--joblog", self.log, script,
             ":::", *runs], stdin=subprocess.DEVNULL)

    def ended(self):
        """Those that did since, by its log."""
        gone = self.child.poll() is not None
        found = []
        with contextlib.suppress(OSError):
            rows = self.log.read_text().splitlines()[1:]
            said = [row.split("\t")[-1].rpartition(" ")[2] for row in rows]
            found = [run for run in self.left if gone or run in said]
        self.left = [run for run in self.left if run not in found]
        return found

    def stop(self):
        """The first one makes it wait for what runs."""
        for _ in range(2):
            self.child.terminate()


# --- Slurm --------------------------------------------------------------------

class Slurm:
    """Job arrays: a task a run, an array for each size of guest.  Partition
    and account are sbatch's affair: SBATCH_PARTITION, SBATCH_ACCOUNT."""

    def __init__(self, directory, plan, jobs):
        self.directory, self.plan, self.jobs = directory, plan, jobs
        self.jobs_of, self.name, self.lost = {}, "Slurm", False
        if not shutil.which("sbatch"):
            raise Refused(3, "--slurm: there is no sbatch: run this where "
                          "Slurm's commands are")

    def begin(self, runs):
        groups = {}
        for cell in self.plan["cells"]:
            if cell["id"] in runs:
                groups.setdefault(resources(cell), []).append(cell["id"])
        (self.directory / "slurm").mkdir(exist_ok=True)
        self.tasks = {}
        for size, members in groups.items():
            for at in range(0, len(members), ARRAY_MAX):
                self.submit(size, members[at:at + ARRAY_MAX])

    def submit(self, size, runs):
        number = len(list((self.directory / "slurm").glob("*.sh"))) + 1
        base = self.directory / "slurm" / str(number)
        write(base.with_suffix(".list"), "".join(f"{r}\n" for r in runs))
        script = base.with_suffix(".sh")
        write(script, self.script(size, len(runs), base.with_suffix(".list")))
        done = subprocess.run(["sbatch", "--parsable", script], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            self.stop()
            raise Refused(3, f"sbatch {script}: {done.stderr.strip()}")
        job = done.stdout.strip().partition(";")[0]
        self.tasks.update({f"{job}_{i}": run for i, run in enumerate(runs)})

    def script(self, size, count, runs):
        cpus, mib, minutes = size
        most = f"%{self.jobs}" if self.jobs else ""
        return "\n".join([
            "#!/bin/bash", f"#SBATCH --job-name=tier-{self.plan['name']}",
            f"#SBATCH --array=0-{count - 1}{most}",
            f"#SBATCH --ntasks=1 --cpus-per-task={cpus} --mem={mib}M",
            f"#SBATCH --time={minutes} --requeue --output=/dev/null",
            f"run=$(sed -n \"$((SLURM_ARRAY_TASK_ID + 1))p\" "
            f"{shlex.quote(str(runs))})",
            task(self.directory, '"$run"'), ""])

    def ended(self):
        """Those that are in the queue no more."""
        time.sleep(POLL_S)
        if not self.tasks:
            return []
        jobs = sorted({t.partition("_")[0] for t in self.tasks})
        done = subprocess.run(
            ["squeue", "--noheader", "--array", "--format=%F_%K",
             f"--jobs={','.join(jobs)}"], stdout=subprocess.PIPE, text=True,
            stderr=subprocess.PIPE, check=False, stdin=subprocess.DEVNULL)
        queued = set(done.stdout.split())
        if done.returncode and "Invalid job id" not in done.stderr:
            if not self.lost:
                say(f"squeue: {done.stderr.strip()}; still waiting")
            self.lost = True
            return []
        self.lost = False
        found = [t for t in self.tasks if t not in queued]
        return [self.tasks.pop(t) for t in found]

    def stop(self):
        if self.tasks:
            subprocess.run(["scancel", *{t.partition("_")[0]
                                         for t in self.tasks}], check=False,
                           stdin=subprocess.DEVNULL)


def resources(cell):
    """CPUs, MiB and minutes of a run's task."""
    mib = planning.guest_mib(cell) + EMULATOR_MIB
    return int(cell["smp"]), mib, -(-(int(cell["timeout"]) + MARGIN_S) // 60)
