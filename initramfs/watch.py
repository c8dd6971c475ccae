# SPDX-License-Identifier: GPL-2.0-only
#
# watch.py LOG TIMEOUT SILENCE [--plug=in|out:DEVICE]... WORDS...: runs the emulator,
# and sees that it ends.
#
# What it prints goes to standard output and into LOG, whatever becomes of who
# reads the output.  It has a session of its own, so that no signal that is meant
# for a terminal or a group reaches it; SIGTERM to this program ends it, SIGTSTP
# stops it, and so does this program's own death.
#
# QEMU is asked how it is (QMP, on a socket that nobody else can reach), because
# a machine that stands still does not end by itself: KVM that cannot emulate an
# instruction leaves it paused for ever.  What ends a run, and after how long:
#
#	TIMEOUT s	in all
#	SILENCE s	without a word of the guest, from its start on
#	2 SILENCE s	without another, where its kernel has not come to init
#	IDLE_S		the same, where it has not used the CPU either
#	at once		KVM's internal error, a panic that QEMU was told of, ...
#	STILL_S		paused, or stopped by a signal
#	MUTE_S		QEMU does not answer
#
# A guest whose init has begun, by its first record, may be silent as long as it
# likes; one without a port for records from its first word on.
#
# With --plug the guest has a port named "host", where it asks for devices to come
# and go (mm/host_port.c): a line "look ID", "plug ID" or "unplug ID", to which
# the answer is a line "ok SERIAL in|out", or "error" and why.  A DEVICE is the
# text of QEMU's -device, and in the machine (in) or not yet (out).
#
# SIGUSR1 is what it gets when whoever called it dies.  The end is told on
# descriptor 3, a line: STATUS as a shell has it, CAUSE, which is empty for an
# emulator that ended by itself with status 0, and what of the output was LOST,
# separated by ASCII's unit separators.  All times are a clock's that nobody sets.

import fcntl
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time

IDLE_S = 15
# Less of a CPU than that is none
IDLE_SHARE = 0.02
STILL_S = 10
MUTE_S = 60
# From a polite end to the other one, and for whoever reads the output
END_S = 10
ASK_S = 2
# What a pipe takes at once when it takes anything
CHUNK = 4096
UNREAD_MAX = 16 << 20

# QMP's states of a machine that does not go on by itself, and what they mean
AT_ONCE = {
    "internal-error": "stopped by an internal error",
    "io-error": "stopped by an input or output error",
    "guest-panicked": "stopped: its guest panicked",
    "watchdog": "stopped by its watchdog",
}
STILL = ("paused", "suspended", "postmigrate", "finish-migrate", "save-vm",
         "restore-vm", "colo")
# Somebody looks at it with a debugger
DEBUGGED = ("prelaunch", "debug", "inmigrate")

KVM_FAILED = re.compile(rb"KVM internal error|kvm run failed|emulation failure"
                        rb"|KVM: (entry|exit|unknown)")
ENDED_BY = re.compile(rb": terminating on signal ([0-9]+)")


def clean(line, most=160):
    """Text of others, as a verdict may have it."""
    return re.sub("[^ -~]", "?", line.decode("latin-1").strip())[:most]


class Sink:
    """Standard output: what cannot be written now waits, and nobody for it."""

    def __init__(self, fd):
        self.fd, self.waiting, self.error = fd, bytearray(), ""
        self.dropped = False

    def put(self, data):
        if self.fd is None:
            return
        if len(self.waiting) < UNREAD_MAX:
            self.waiting += data
        else:
            self.dropped = True

    def write(self):
        try:
            del self.waiting[:os.write(self.fd, self.waiting[:CHUNK])]
        except BlockingIOError:
            pass
        except OSError as error:
            # A reader that has gone wanted no more
            if not isinstance(error, BrokenPipeError):
                self.error = error.strerror
            self.close()

    def close(self):
        self.fd = None
        self.waiting.clear()


class Log:
    """The file of all that was said: whole, or known not to be."""

    def __init__(self, name):
        self.error = ""
        self.fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)

    def put(self, data):
        while data and not self.error:
            try:
                data = data[os.write(self.fd, data):]
            except OSError as error:
                self.error = error.strerror


class Lines:
    """The last lines of a stream."""

    def __init__(self, keep=200):
        self.last, self.part, self.keep = [], b"", keep

    def put(self, data):
        """Returns those that data completes."""
        *done, self.part = (self.part + data).split(b"\n")
        self.part = self.part[-CHUNK:]
        self.last = (self.last + [line for line in done if line.strip()]
                     )[-self.keep:]
        return done

    def words(self):
        """What is its own of the last ones, or the last one."""
        lines = [line for line in self.last + [self.part]
                 if line.strip() and b"warning:" not in line]
        own = [line for line in lines if line.startswith(b"qemu")]
        return clean((own or lines)[-1]) if lines else ""


class Device:
    """One that may come and go, as -device has it."""

    def __init__(self, text):
        state, _, words = text.partition(":")
        self.plugged = self.has_been = state == "in"
        driver, *pairs = words.split(",")
        self.properties = {"driver": driver}
        for pair in pairs:
            key, _, value = pair.partition("=")
            self.properties[key] = self.typed(value)
        self.id = self.properties.get("id", "")
        self.bus = self.properties.get("bus", "")
        serial = self.properties.get("sn")
        self.serial = serial if isinstance(serial, int) else 0

    @staticmethod
    def typed(value):
        """QMP tells numbers from text."""
        if re.fullmatch("0[xX][0-9a-fA-F]+|[0-9]+", value):
            return int(value, 0)
        if re.fullmatch("[0-9]+[KMGT]", value):
            return int(value[:-1]) << 10 * (1 + "KMGT".index(value[-1]))
        return {"on": True, "off": False}.get(value, value)

    def answer(self):
        return (f"ok {self.serial:#x} "
                f"{'in' if self.plugged else 'out'}")


class Host:
    """Carries out what the guest asks for, and answers when it is done."""

    def __init__(self, devices, words, qmp):
        self.devices = {device.id: device for device in devices}
        backends = [Device(":" + word) for word in words
                    if word.startswith("memory-backend-")]
        self.backends = {backend.id: backend for backend in backends}
        self.steps, self.made = [], 0
        self.qmp, self.text = qmp, b""
        # What is under way: the device, and whether it comes
        self.device, self.comes = None, False
        self.socket, self.theirs = socket.socketpair()

    def hear(self, data):
        *lines, self.text = (self.text + data).split(b"\n")
        for line in lines:
            self.carry_out(clean(line))

    def tell(self, text):
        try:
            self.socket.send(text.encode() + b"\n",
                             socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:
            pass

    def carry_out(self, line):
        what, _, name = line.partition(" ")
        device = self.devices.get(name)
        if device is None:
            self.tell(f"error there is no device {name}: there "
                      f"{'is' if len(self.devices) == 1 else 'are'} "
                      f"{', '.join(self.devices)}" + (
                          "" if any(not d.has_been for d in
                                    self.devices.values()) else
                          " (one that is to come is a line -plug of the "
                          "topology, as in TOPOLOGY=cxl-plug)"))
        elif what == "look":
            self.tell(device.answer())
        elif what not in ("plug", "unplug"):
            self.tell(f"error {what}: look, plug or unplug")
        elif self.device:
            self.tell(f"error {self.device.id} is under way")
        else:
            self.begin(device, what == "plug")

    def begin(self, device, comes):
        other = [d.id for d in self.devices.values() if d is not device and
                 d.plugged and d.bus == device.bus]
        if device.plugged == comes:
            self.tell(f"error {device.id} is "
                      f"{'there already' if comes else 'not plugged'}")
        elif comes and other:
            self.tell(f"error its port {device.bus} is taken by {other[0]}")
        else:
            self.device, self.comes = device, comes
            self.steps = self.steps_to_plug(device) if comes else \
                [("device_del", {"id": device.id})]
            self.qmp(*self.steps.pop(0))

    def steps_to_plug(self, device):
        """Memory that a device has had cannot be another's: QEMU 11.1 says that
        it is in use, also when that device has gone."""
        steps = []
        for key, value in device.properties.items():
            backend = self.backends.get(value)
            if not device.has_been or not backend:
                continue
            self.made += 1
            name = f"tier-memory{self.made}"
            self.backends[name] = backend
            device.properties[key] = name
            kind = backend.properties["driver"]
            steps.append(("object-add", {
                **{k: v for k, v in backend.properties.items()
                   if k != "driver"}, "qom-type": kind, "id": name}))
        return [*steps, ("device_add", device.properties)]

    def end(self, error=None):
        device, self.device = self.device, None
        if error is None:
            device.plugged, device.has_been = self.comes, True
        self.tell(device.answer() if error is None else f"error {error}")

    def answered(self, message):
        """QEMU has taken what was asked, or not: to leave takes the guest."""
        if not self.device:
            return
        if "error" in message:
            self.end(clean(str(message["error"].get("desc")).encode()))
        elif self.steps:
            self.qmp(*self.steps.pop(0))
        elif self.comes:
            self.end()

    def happened(self, message):
        name = message.get("data", {}).get("device")
        if not self.device or self.comes or name != self.device.id:
            return
        if message["event"] == "DEVICE_DELETED":
            self.end()
        elif message["event"] == "DEVICE_UNPLUG_GUEST_ERROR":
            self.end("the guest does not let it go")


class Watch:
    def __init__(self, log, timeout, silence, devices, words):
        self.timeout, self.silence = timeout, silence
        self.out, self.log = Sink(1), log
        self.console, self.errors = Lines(), Lines()
        self.kvm_error = ""
        self.cause = None
        self.state, self.qmp_text = "", b""
        # When what began that cannot last
        self.halted_since = self.still_since = self.off_since = None
        self.asked = self.kill_at = self.status = None
        self.poll = select.poll()
        self.readers = {}
        self.host = Host(devices, words, self.send) if devices else None
        self.catch_signals()
        self.start(words)

    # --- its beginning -----------------------------------------------------

    def catch_signals(self):
        """What whoever called us ignores stays ignored."""
        self.wake, write = os.pipe()
        for fd in (self.wake, write):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGTSTP):
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda *_: None)
        for number in (signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        self.add(self.wake, self.woken)

    def start(self, words):
        self.qmp, pair = socket.socketpair()
        # Not one of those that a shell around QEMU uses
        theirs = fcntl.fcntl(pair, fcntl.F_DUPFD, 64)
        pair.close()
        # Whoever kills us does not leave it behind
        words = ["setpriv", "--pdeathsig", "TERM", *words,
                 "-chardev", f"socket,id=tier-watch,fd={theirs}",
                 "-qmp", "chardev:tier-watch"]
        passed = [theirs]
        if self.host:
            passed.append(fcntl.fcntl(self.host.theirs, fcntl.F_DUPFD, 64))
            self.host.theirs.close()
            words += ["-chardev", f"socket,id=tier-host,fd={passed[1]}",
                      "-device", "virtserialport,chardev=tier-host,name=host"]
        self.child = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
            pass_fds=passed, bufsize=0)
        for fd in passed:
            os.close(fd)
        self.records = next(filter(None, (
            re.search("^file,id=records,path=(.*)", word) for word in words)),
                            None)
        self.spoken = self.greeted = False
        self.started = self.silent_since = time.monotonic()
        # When it was last seen at work, and what CPU time it had had by then
        self.busy = (self.started, 0)
        self.add(self.child.stdout.fileno(), self.from_console)
        self.add(self.child.stderr.fileno(), self.from_errors)
        self.add(self.qmp.fileno(), self.from_qmp)
        if self.host:
            self.add(self.host.socket.fileno(), self.from_host)

    def add(self, fd, reader):
        self.poll.register(fd, select.POLLIN)
        self.readers[fd] = reader

    def remove(self, fd):
        self.poll.unregister(fd)
        del self.readers[fd]

    # --- what comes from it ------------------------------------------------

    def read(self, fd):
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""
        if not data:
            self.remove(fd)
        return data

    def keep(self, data):
        self.out.put(data)
        self.log.put(data)

    def from_console(self, fd):
        data = self.read(fd)
        self.keep(data)
        self.console.put(data)
        if data:
            self.spoken = True
            self.silent_since = time.monotonic()

    def from_errors(self, fd):
        data = self.read(fd)
        self.keep(data)
        for line in self.errors.put(data):
            if not self.kvm_error and KVM_FAILED.search(line):
                self.kvm_error = clean(line)
                # It is about to stand still, if QMP does not say so first
                self.still_since = self.still_since or time.monotonic() - \
                    STILL_S + ASK_S

    def from_qmp(self, fd):
        *lines, self.qmp_text = (self.qmp_text + self.read(fd)).split(b"\n")
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if isinstance(message, dict):
                self.hear(message)

    def from_host(self, fd):
        self.host.hear(self.read(fd))

    def hear(self, message):
        if "QMP" in message:
            self.greeted = True
            self.send("qmp_capabilities")
            self.ask()
            return
        if message.get("event") == "SHUTDOWN":
            self.off_since = time.monotonic()
        elif message.get("event") == "GUEST_PANICKED":
            self.fail("the guest panicked, as it told the emulator")
        elif message.get("event") in ("STOP", "RESUME"):
            self.ask()
        if self.host and message.get("id") == "host":
            self.host.answered(message)
            return
        if self.host and "event" in message:
            self.host.happened(message)
        answer = message.get("return")
        if isinstance(answer, dict) and "status" in answer:
            self.asked = None
            self.judge_state(str(answer["status"]))

    def judge_state(self, state):
        self.state = state
        if state in AT_ONCE:
            self.fail(f"the machine was {AT_ONCE[state]}"
                      f"{self.kvm_error and ': ' + self.kvm_error}")
        elif state in STILL:
            self.still_since = self.still_since or time.monotonic()
        elif state == "shutdown":
            self.off_since = self.off_since or time.monotonic()
        elif not self.kvm_error:
            self.still_since = None
        if state in DEBUGGED and self.silent_since:
            self.silent_since = time.monotonic()
            self.busy = (self.silent_since, self.busy[1])

    def send(self, command, arguments=None):
        message = {"execute": command}
        if arguments is not None:
            message.update(arguments=arguments, id="host")
        try:
            self.qmp.send(json.dumps(message).encode() + b"\n",
                          socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:
            pass

    def ask(self):
        """How is it?"""
        self.asked = self.asked or time.monotonic()
        self.send("query-status")

    # --- what does not come -------------------------------------------------

    def family(self, pid):
        """The fields of /proc/PID/stat behind the name, of it and its own."""
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                yield file.read().rsplit(b")", 1)[1].split()
            with open(f"/proc/{pid}/task/{pid}/children", "rb") as file:
                children = file.read().split()
        except (OSError, IndexError):
            return
        for child in children:
            yield from self.family(int(child))

    def recorded(self):
        """How much; None: nobody knows."""
        try:
            return os.stat(self.records[1].replace(",,", ",")).st_size
        except (OSError, TypeError):
            return None

    def has_begun(self):
        """The guest's init, as far as one can know."""
        return self.spoken and self.recorded() != 0

    def look(self):
        """Once in ASK_S: what is too long by now?"""
        now = time.monotonic()
        if self.silent_since and self.has_begun():
            self.silent_since = None
        family = list(self.family(self.child.pid))
        if any(fields[0] == b"T" for fields in family):
            self.halted_since = self.halted_since or now
        else:
            self.halted_since = None
        if now - self.started >= self.timeout:
            self.fail(f"not done after TIMEOUT={self.timeout} s")
        elif self.halted_since and now - self.halted_since >= STILL_S:
            self.fail("the emulator was stopped by a signal, and did not go on"
                      f" for {STILL_S} s")
        elif self.still_since and now - self.still_since >= STILL_S:
            self.fail(self.kvm_error or f"the machine was {self.state}, and did"
                      f" not go on for {STILL_S} s")
        elif self.asked and now - self.asked >= MUTE_S:
            self.fail(f"the emulator has not answered for {MUTE_S} s")
        elif self.off_since and now - self.off_since >= END_S:
            # All is done: the records say how
            self.fail("")
        elif self.silent_since:
            self.look_at_silence(now, sum(
                int(fields[11]) + int(fields[12]) for fields in family) /
                os.sysconf("SC_CLK_TCK"))
        if self.state:
            self.ask()

    def look_at_silence(self, now, used):
        if self.spoken:
            if now - self.silent_since >= 2 * self.silence:
                self.fail("the guest's kernel has not come to init, and has said"
                          f" nothing for {2 * self.silence} s: try again")
            return
        if used - self.busy[1] >= IDLE_SHARE * (now - self.busy[0]):
            self.busy = (now, used)
        elif now - self.busy[0] >= IDLE_S:
            self.fail_silent("the guest has said nothing, and has not used the"
                             f" CPU for {IDLE_S} s")
        if now - self.silent_since >= self.silence:
            self.fail_silent("the guest has said nothing for"
                             f" SILENCE={self.silence} s from its start on")

    def fail_silent(self, what):
        last = self.errors.words()
        self.fail(what + (f"; the emulator's last words: {last}" if last else
                          " (does the kernel know console=ttyS0?)"))

    # --- its end -------------------------------------------------------------

    def fail(self, cause):
        """Ends it, for this cause: the first one counts."""
        if self.cause is None:
            self.cause = cause
            self.end()

    def end(self):
        self.kill(signal.SIGTERM)
        self.kill(signal.SIGCONT)
        self.kill_at = time.monotonic() + END_S

    def kill(self, number):
        try:
            os.killpg(self.child.pid, number)
        except OSError:
            pass

    def woken(self, fd):
        for number in os.read(fd, 512):
            if (number in (signal.SIGTERM, signal.SIGUSR1) and
                    self.kill_at is None):
                self.end()
            elif number == signal.SIGTSTP:
                self.rest()

    def rest(self):
        """Both stand still until somebody lets us go on: no time has passed."""
        before = time.monotonic()
        self.kill(signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        self.kill(signal.SIGCONT)
        away = time.monotonic() - before
        for name in ("started", "silent_since", "halted_since",
                     "still_since", "off_since", "asked", "kill_at"):
            if getattr(self, name) is not None:
                setattr(self, name, getattr(self, name) + away)
        self.busy = (self.busy[0] + away, self.busy[1])

    def has_ended(self):
        """Takes what it had started along, before its number is free."""
        if self.status is None and os.waitid(
                os.P_PID, self.child.pid,
                os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            self.kill(signal.SIGKILL)
            status = self.child.wait()
            self.status = 128 - status if status < 0 else status
            self.gone_at = time.monotonic()
        return self.status is not None

    def step(self):
        """Waits for what comes, half a second at most."""
        if self.out.waiting:
            self.poll.register(self.out.fd, select.POLLOUT)
        ready = self.poll.poll(500)
        if self.out.waiting:
            self.poll.unregister(self.out.fd)
        for fd, event in ready:
            if fd == self.out.fd:
                self.out.write()
            elif fd in self.readers:
                self.readers[fd](fd)

    def run(self):
        looked = time.monotonic()
        while not self.has_ended():
            self.step()
            now = time.monotonic()
            if now - looked >= ASK_S and self.kill_at is None:
                looked = now
                self.look()
            if self.kill_at is not None and now >= self.kill_at:
                self.kill(signal.SIGKILL)
        # What is still in the pipes, and whoever reads
        streams = (self.child.stdout.fileno(), self.child.stderr.fileno())
        while (any(fd in self.readers for fd in streams) and
               time.monotonic() - self.gone_at < 1):
            self.step()
        while self.out.waiting and time.monotonic() - self.gone_at < END_S:
            self.step()

    def why(self):
        if self.cause is not None:
            return self.cause
        signals = [match.group(1).decode() for match in map(
            ENDED_BY.search, self.errors.last) if match]
        number = signals[-1] if signals else self.status - 128
        if signals or self.status > 128:
            return f"the emulator was ended by signal {number}"
        if self.status:
            last = self.errors.words()
            return (f"the emulator ended with status {self.status}"
                    f"{last and ': ' + last}")
        if self.records and not self.greeted and not self.recorded():
            return ("the emulator made no machine: it printed what it was asked"
                    " for (-h, -version, -machine help, ...), and ended")
        return ""

    def lost(self):
        if self.log.error:
            return f"console.log is not whole: {self.log.error}"
        if self.out.error:
            return f"standard output: {self.out.error}"
        if self.out.waiting or self.out.dropped:
            return "whoever reads standard output stood still"
        return ""


def main():
    log, timeout, silence, *words = sys.argv[1:]
    devices = []
    while words and words[0].startswith("--plug="):
        devices.append(Device(words.pop(0).partition("=")[2]))
    try:
        watch = Watch(Log(log), int(timeout), int(silence), devices, words)
    except OSError as error:
        line = f"127\x1fthe emulator was not started: {error.strerror}\x1f"
    else:
        watch.run()
        line = f"{watch.status}\x1f{watch.why()}\x1f{watch.lost()}"
    os.write(3, line.encode() + b"\n")


main()
