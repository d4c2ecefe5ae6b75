"""The PostgreSQL that the benchmarks start, with a database of pgbench beside that of the shop."""

import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from common import await_port, free_port, read_files, stop

# Debian keeps the programs of the server out of the path.
PROGRAMS = [
    "/usr/lib/postgresql/15/bin", *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True), os.environ["PATH"]]
# The server refuses to run as root.
USER = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
SETTINGS = {
    "shared_buffers": "1GB", "max_wal_size": "4GB", "max_connections": 200, "fsync": "on", "synchronous_commit": "on",
}


def program(name):
    found = shutil.which(name, path=os.pathsep.join(PROGRAMS))
    if not found:
        sys.exit(f"{name} of PostgreSQL is missing; `make bench` installs it")
    return found


class Postgres:
    """A server on a free port of loopback, whose data stays in a directory."""

    def __init__(self, directory):
        self.directory, self.port = directory, free_port()
        directory.mkdir(parents=True, exist_ok=True)
        if USER:
            shutil.chown(directory, USER["user"], USER["group"])
        data, log = directory / "data", directory / "postgres.log"
        if not (data / "PG_VERSION").exists():
            subprocess.run(
                [program("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--encoding=UTF8", "--locale=C.UTF-8"],
                check=True, stdout=subprocess.DEVNULL, cwd=directory, **USER)
        command = [program("postgres"), "-D", data, "-p", str(self.port), "-h", "127.0.0.1", "-k", ""]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        with open(log, "ab") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, cwd=directory, **USER)
        await_port(self.port, self.process, log)
        while subprocess.run([program("pg_isready"), *self.place()], stdout=subprocess.DEVNULL).returncode:
            if self.process.poll() is not None:
                sys.exit(f"PostgreSQL did not start; see {log}")
            time.sleep(0.05)

    def place(self):
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]

    def url(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def query(self, database, *statements):
        """Runs statements, each in a transaction of its own. Returns the lines that they answer."""
        command = [program("psql"), *self.place(), "-d", database, "-qAtX", "-v", "ON_ERROR_STOP=1"]
        for statement in statements:
            command += ["-c", statement]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()

    def has(self, database):
        return bool(self.query("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{database}'"))

    def create(self, database):
        if self.has(database):
            self.query("postgres", f"DROP DATABASE {database}")
        self.query("postgres", f"CREATE DATABASE {database}")

    def settle(self, patience=900):
        """Waits until the server has nothing of its own to do: no vacuum, and nothing that a checkpoint would write."""
        deadline = time.monotonic() + patience
        while self.query("postgres", "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'"):
            if time.monotonic() > deadline:
                sys.exit(f"autovacuum did not end within {patience} s")
            time.sleep(1)
        self.query("postgres", "CHECKPOINT")

    def warm(self, database):
        """Brings the files of a database into the memory of the operating system."""
        number = self.query("postgres", f"SELECT oid FROM pg_database WHERE datname = '{database}'")[0]
        read_files(self.directory / "data/base" / number)

    def conditions(self):
        settings = [f"`{name}={self.query('postgres', f'SHOW {name}')[0]}`" for name in SETTINGS]
        version = self.query("postgres", "SHOW server_version")[0]
        return f"PostgreSQL {version} ({', '.join(settings)}, else as installed)"

    def prepare_pgbench(self, scale=10):
        if not self.has("pgbench"):
            self.create("pgbench")
            command = [program("pgbench"), "-i", "-q", "-s", str(scale), *self.place(), "pgbench"]
            if subprocess.run(command, capture_output=True).returncode:
                self.query("postgres", "DROP DATABASE pgbench")
                sys.exit("pgbench could not make its tables")

    def pgbench(self, seconds):
        """The small transactions of pgbench without its contended updates, of 16 clients."""
        command = [program("pgbench"), "-n", "-N", "-M", "prepared", "-c", "16", "-j", "1", "-T", str(seconds)]
        output = subprocess.run(
            command + [*self.place(), "pgbench"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True).stdout
        failed = re.search(r"failed transactions: (\d+)", output)
        return {
            "rate": float(re.search(r"tps = ([\d.]+)", output).group(1)), "socket": 0,
            "failed": int(failed.group(1)) if failed else 0}

    def stop(self):
        # SIGINT ends the sessions; SIGTERM would wait for them.
        stop(self.process, signal.SIGINT)
