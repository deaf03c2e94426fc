"""A MariaDB of our own, in a folder, on a free port of 127.0.0.1; for the demo and for tests."""

import os
import pwd
import shutil
import socket
import subprocess
import time

SETTINGS = ["--bind-address=127.0.0.1", "--log-bin=binlog", "--binlog-format=ROW",
            "--binlog-row-metadata=FULL", "--binlog-checksum=CRC32", "--gtid-strict-mode=ON",
            "--sync-binlog=1", "--server-id=1", "--innodb-buffer-pool-size=32M",
            "--innodb-log-file-size=16M", "--default-time-zone=+00:00",
            "--character-set-server=utf8mb4"]


class Processes:
    """Processes that end with us."""

    def __init__(self):
        self.running = []

    def start(self, command, **options):
        # A session of its own: Ctrl-C at the terminal reaches us alone.
        process = subprocess.Popen([str(word) for word in command], start_new_session=True,
                                   **options)
        self.running.append(process)
        return process

    def stop_all(self):
        for process in reversed(self.running):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self.running):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class PrivateMariadb:
    """root has no password at its socket. `folder` must be empty; the caller removes it."""

    def __init__(self, folder, processes):
        self.folder = folder
        self.socket = folder / "mariadb.sock"
        self.processes = processes
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def start(self):
        common = ["--no-defaults", f"--datadir={self.folder / 'data'}"]
        if os.geteuid() == 0:
            entry = pwd.getpwnam("mysql")
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            common.append("--user=mysql")
        log = self.folder / "mariadb.log"
        with open(log, "ab") as out:
            subprocess.run(["mariadb-install-db", *common, "--skip-test-db",
                            "--auth-root-authentication-method=normal"],
                           stdout=out, stderr=out, check=False)
            process = self.processes.start(
                [shutil.which("mariadbd") or "/usr/sbin/mariadbd", *common, *SETTINGS,
                 f"--socket={self.socket}", f"--port={self.port}", f"--log-error={log}",
                 f"--pid-file={self.folder}/mariadb.pid"], stdout=out, stderr=out)
        deadline = time.monotonic() + 60
        while not self.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("MariaDB did not start:\n" + log.read_text()[-2000:])
            time.sleep(0.1)

    def client(self, *words):
        """The command of a client that is root, in UTF-8, with bare rows as its answer."""
        return ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root",
                "--default-character-set=utf8mb4", "--batch", "--skip-column-names", *words]

    def answers(self):
        return subprocess.run(self.client("--execute=SELECT 1"), capture_output=True,
                              check=False).returncode == 0

    def run_script(self, path):
        with open(path, encoding="utf-8") as script:
            subprocess.run(self.client(), stdin=script, check=True)

    def query(self, sql, database="shop"):
        """The columns of the one row that the statements give."""
        done = subprocess.run(self.client(database), input=sql, capture_output=True, text=True,
                              encoding="utf-8", check=False)
        if done.returncode != 0:
            raise RuntimeError("the server refused: " + done.stderr)
        return done.stdout.rstrip("\n").split("\t")
