"""The load generator beside wrk: how much each drives nginx with, and how true each tells of a server that stands still.

    python3 Benchmarks/bench_workload.py [--seconds 8] [--write FILE]

Both ask nginx for the same file of 1 KB over as many connections, in turns, in a closed loop with one thread each. Then nginx is
stopped for a second in the middle of a run (SIGSTOP to its workers, and SIGCONT), and what each reports is held against what
those who came would have felt: of arrivals at a constant rate in T seconds, 1/T waited between 0 and 1 s, evenly.

It ends with status 1 when a figure is behind what is asked for.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

from common import BINARY, WORK, machine, nginx_version, start_static_nginx, stop, write

CONNECTIONS, ROUNDS = 64, 5
STALL = 1.0
# Least part of wrk's rate, most memory in MB, and how far the p99 of a stall may be from what it is, in seconds.
RATE_SHARE, MEMORY, STALL_ERROR = 0.8, 100, 0.05


def run_ours(port, seconds, *arguments):
    """One run of ours. Returns its report, and the most memory that it took in MB."""
    process = subprocess.Popen(
        [BINARY, "bench", "--url", f"http://127.0.0.1:{port}/1k", "--duration", f"{seconds}s", "--threads", "1",
         "--connections", str(CONNECTIONS), "--format", "json", *arguments],
        stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    peak = 0
    watch = threading.Event()

    def look():
        nonlocal peak
        while not watch.wait(0.2):
            try:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            except OSError:
                return
            found = re.search(r"VmHWM:\s+(\d+) kB", status)
            peak = max(peak, int(found.group(1)) / 1024 if found else 0)

    watcher = threading.Thread(target=look)
    watcher.start()
    output, _ = process.communicate()
    watch.set()
    watcher.join()
    report = json.loads(output)
    if report["failed"]:
        sys.exit(f"{report['failed']} requests failed: {report['by_request']}")
    return report, peak


def run_theirs(port, seconds, connections=CONNECTIONS):
    """One run of wrk: its rate and its p99 in seconds."""
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s", f"http://127.0.0.1:{port}/1k"],
        capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", output).groups()
    return rate, float(value) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit]


def workers(nginx):
    children = pathlib.Path(f"/proc/{nginx.pid}/task/{nginx.pid}/children").read_text().split()
    return [int(child) for child in children]


def stalled(nginx, run, after):
    """What a run tells while the server stands still for a second."""
    def stall():
        for child in workers(nginx):
            os.kill(child, signal.SIGSTOP)
        time.sleep(STALL)
        for child in workers(nginx):
            os.kill(child, signal.SIGCONT)

    timer = threading.Timer(after, stall)
    timer.start()
    result = run()
    timer.join()
    return result


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=int, default=8)
    options.add_argument("--write")
    arguments = options.parse_args()
    seconds = arguments.seconds
    WORK.mkdir(parents=True, exist_ok=True)
    nginx, port = start_static_nginx()
    try:
        rounds, peak = [], 0
        for _ in range(ROUNDS):
            theirs, _ = run_theirs(port, seconds)
            ours, memory = run_ours(port, seconds, "--clients", str(CONNECTIONS))
            rounds.append((ours["rate"], theirs))
            peak = max(peak, memory)
        open_rate = 10_000
        report, _ = stalled(
            nginx, lambda: run_ours(port, seconds, "--rate", str(open_rate)), seconds / 2)
        wrk_p99 = stalled(nginx, lambda: run_theirs(port, seconds), seconds / 2)[1]
        _, many = run_ours(port, seconds, "--clients", "1000", "--connections", "1000")
    finally:
        stop(nginx)
    share = statistics.median(ours / theirs for ours, theirs in rounds)
    # 1/T of all waited evenly between 0 and a second, so 1 of 100 waited longer than 1 - T/100 seconds.
    expected = STALL - seconds / 100
    p99 = report["latency_ms"]["p99"] / 1_000
    service = report["service_time_ms"]["p99"] / 1_000
    text = "\n".join([
        f"{machine()}; the load generators and nginx {nginx_version()} on the same cores, a file of 1 KB, {CONNECTIONS} connections, one "
        f"thread each, {seconds} s a run, medians of {ROUNDS} rounds in turns.", "",
        "| | asked | `millrace bench` | wrk |", "|---|---|---|---|",
        f"| closed loop, answers a second | {RATE_SHARE} of wrk | {statistics.median(ours for ours, _ in rounds):,.0f} ({share:.2f}) "
        f"| {statistics.median(theirs for _, theirs in rounds):,.0f} |",
        f"| p99 where the server stands still for a second, in truth {expected * 1_000:,.0f} ms | | {p99 * 1_000:,.0f} ms at "
        f"{open_rate:,}/s in an open loop ({service * 1_000:,.1f} ms from when sent) | {wrk_p99 * 1_000:,.1f} ms |",
        f"| memory at most | {MEMORY} MB | {peak:,.0f} MB; {many:,.0f} MB with 1,000 connections | |",
    ])
    print(text)
    if arguments.write:
        write(pathlib.Path(arguments.write), text)
    missed = []
    if share < RATE_SHARE:
        missed.append(f"{share:.2f} of wrk's rate instead of {RATE_SHARE}")
    if abs(p99 - expected) > STALL_ERROR:
        missed.append(f"a p99 of {p99:.3f} s instead of {expected:.3f} s")
    if max(peak, many) > MEMORY:
        missed.append(f"{max(peak, many):.0f} MB instead of {MEMORY} MB")
    if missed:
        sys.exit("Behind what is asked for: " + "; ".join(missed))


if __name__ == "__main__":
    main()
