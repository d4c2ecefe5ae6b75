"""What the benchmarks share: the server, the load generator, nginx and the file that the figures go into."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import platform
import re
import signal
import socket
import subprocess
import sys
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / ".build" / "bench"
KEY = "bench-key-0123456789-0123456789-0123456789"
CORES = os.cpu_count() or 1
# Where the sets of data are that are not made up.
DATA = pathlib.Path(os.environ.get("BENCH_DATA", pathlib.Path(__file__).resolve().parent / "data"))
# Taken out of the environment, in which the server accepts only names of its settings.
BINARY = pathlib.Path(os.environ.pop("MILLRACE_BINARY", ROOT / ".build/release/millrace")).absolute()


def enter_environment(python, packages):
    """Goes on in a virtual environment with the packages, which is made the first time."""
    if pathlib.Path(sys.prefix) == python:
        return
    wanted = python / "wanted"
    if not wanted.exists() or wanted.read_text() != " ".join(packages):
        venv.create(python, with_pip=True)
        subprocess.run([python / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
        wanted.write_text(" ".join(packages))
    os.environ["MILLRACE_BINARY"] = str(BINARY)
    os.execv(python / "bin/python", [python / "bin/python", *sys.argv])


def stop(process, how=signal.SIGTERM):
    """Ends a process that a benchmark started, by force when it does not end on its own."""
    process.send_signal(how)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port, process, log):
    """Waits until a process that was started listens on its port."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    stop(process)
    sys.exit(f"{process.args[0]} did not start; see {log}")


class Server:
    """The release server on a data directory, with settings by their name: {"cache.memory": 0}."""

    def __init__(self, data, settings=None):
        environment = dict(os.environ, MILLRACE_ADMIN_KEY=KEY)
        for name, value in (settings or {}).items():
            environment["MILLRACE_" + name.upper().replace(".", "_")] = str(value)
        start = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", data, "--port", "0"],
            stdout=subprocess.PIPE, stderr=open(WORK / "server.log", "ab"), text=True, env=environment)
        self.port = None
        for line in self.process.stdout:
            found = re.search(r"listening on http://[^:]+:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        if self.port is None:
            sys.exit("the server did not start; see .build/bench/server.log")
        self.start_seconds = time.monotonic() - start

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return {name: int(re.search(rf"{name}:\s+(\d+) kB", status).group(1)) / 1024 for name in ("VmRSS", "VmHWM")}

    def exchange(self, method, path, body=None, connection=None, key=None):
        """The header and the body of the answer to a request that must succeed."""
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        own.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = own.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]}")
        return answer.headers, text

    def request(self, method, path, body=None, connection=None, key=None):
        text = self.exchange(method, path, body, connection, key)[1]
        return json.loads(text) if text else None

    def metric(self, name):
        """The sum of a metric over its labels, or of those that the name says: `bytes{part="items"}`."""
        text = self.exchange("GET", "/metrics")[1].decode()
        labels = "" if "{" in name else r"(?:{[^}]*})?"
        return sum(float(value) for value in re.findall(rf"^{re.escape(name)}{labels} (\S+)$", text, re.M))

    def stop(self, how=signal.SIGTERM):
        stop(self.process, how)


def run_wrk(port, script, seconds, connections=64, **environment):
    """One run of wrk. Returns its rate and every whole number that the script's report names."""
    scripts = ROOT / "Benchmarks/wrk"
    variables = dict(
        os.environ, REPORT=str(scripts / "report.lua"), PACE=str(scripts / "pace.lua"), KEY=KEY, **environment)
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s", "-s",
         str(scripts / script), f"http://127.0.0.1:{port}/"],
        capture_output=True, text=True, env=variables, check=True).stdout
    found = re.search(r"RESULT (.*)", output)
    if not found:
        sys.exit(f"wrk says nothing of its run with {script}: {output}")
    figures = {name: int(value) for name, value in (pair.split("=") for pair in found.group(1).split())}
    return figures | {
        "rate": figures["requests"] / figures["duration_us"] * 1e6, "p50": figures["p50_us"] / 1000,
        "p99": figures["p99_us"] / 1000, "max": figures["max_us"] / 1000, "failed": figures["status"]}


def require_success(name, figures):
    if figures["failed"] or figures["socket"]:
        sys.exit(f"{name}: {figures['failed']} unexpected answers, {figures['socket']} socket errors")


def write_requests(name, requests):
    """A file for each.lua of requests: their method, path and body."""
    file = WORK / f"{name}.requests"
    with open(file, "w") as stream:
        for method, path, body in requests:
            stream.write(f"{method} {path} {json.dumps(body) if body is not None else ''}\n")
    return str(file)


def send_batches(server, path, bodies, connections):
    """Posts JSON over some connections, each body when the one before it on its connection is answered. Returns how many
    seconds that took."""
    def work(part):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        for body in bodies[part::connections]:
            connection.request("POST", path, body, {
                "Authorization": f"Bearer {KEY}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                sys.exit(f"{path}: {answer.status} {text[:300]}")

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        list(pool.map(work, range(connections)))
    return time.monotonic() - start


def write_paths(name, lines):
    """A file of paths for get.lua."""
    file = WORK / f"{name}.paths"
    file.write_text("\n".join(lines) + "\n")
    return str(file)


def read_files(directory):
    """Brings the files into the memory of the operating system, as they are on a server that has run for a while."""
    for file in directory.iterdir():
        with open(file, "rb", buffering=0) as stream:
            while stream.read(1 << 20):
                pass


def start_nginx(name, configuration, port):
    """Starts nginx with a configuration that listens on the port and has its files in the directory of that name."""
    directory = WORK / name
    directory.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        configuration = "user root;\n" + configuration
    (directory / "nginx.conf").write_text(configuration)
    log = directory / "nginx.log"
    process = subprocess.Popen(
        ["nginx", "-c", directory / "nginx.conf", "-g", "daemon off;"], stderr=open(log, "ab"))
    await_port(port, process, log)
    return process


def start_static_nginx():
    """The reference: nginx serving a file of 1 KB under /1k."""
    port, directory = free_port(), WORK / "nginx"
    (directory / "www").mkdir(parents=True, exist_ok=True)
    (directory / "www/1k").write_text("x" * 1024)
    text = (ROOT / "Benchmarks/nginx.conf.in").read_text()
    for name, value in (("@CORES@", CORES), ("@DIR@", directory), ("@PORT@", port)):
        text = text.replace(name, str(value))
    return start_nginx("nginx", text, port), port


def run_static(port, seconds, connections=64):
    """One run of wrk against that nginx, by the script and with the length of paths of the runs that it stands beside,
    so that the load generator costs both the same."""
    paths = write_paths("static", [f"/1k?{number:040d}" for number in range(5_000)])
    return run_wrk(port, "get.lua", seconds, connections, PATHS=paths)


def machine():
    """The machine, as the conditions of a table name it."""
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text()).group(1)
    return f"{time.strftime('%Y-%m-%d')}, {CORES} cores of {model}, Linux {platform.release()}"


def nginx_version():
    return subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip().split("/")[-1]


def write(file, text, introduction="", job="make bench"):
    """Puts the text between the file's two marks of a job. A file that is not there begins with the introduction."""
    begin, end = f"<!-- begin: {job} -->", f"<!-- end: {job} -->"
    old = file.read_text() if file.exists() else f"{introduction}\n{begin}\n{end}\n"
    head, rest = old.split(begin)
    tail = rest.split(end)[1]
    file.write_text(f"{head}{begin}\n{text}\n{end}{tail}")
