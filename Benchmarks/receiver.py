"""A web server that notes each request and answers 200 after a delay: receiver.py PORT SECONDS FILE.

It writes a line of JSON for each request into the file as it ends (SIGTERM), so that writing costs no request anything.
"""

import asyncio
import json
import signal
import sys
import time

port, delay, file = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
requests = []
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""

    def data_received(self, data):
        self.buffer += data
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].decode("latin-1").split("\r\n")[1:]
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}
            length = int(headers.get("content-length", 0))
            if len(self.buffer) < end + 4 + length:
                return
            body = self.buffer[end + 4:end + 4 + length]
            self.buffer = self.buffer[end + 4 + length:]
            requests.append((headers, body, time.time()))
            if delay:
                asyncio.get_running_loop().call_later(delay, self.transport.write, ANSWER)
            else:
                self.transport.write(ANSWER)


async def main():
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(Connection, "127.0.0.1", port, backlog=1_024)
    await ended.wait()
    server.close()
    with open(file, "w") as output:
        for headers, body, at in requests:
            output.write(json.dumps({
                "id": headers.get("webhook-id"), "at": at, "headers": headers, "body": body.decode()}) + "\n")


asyncio.run(main())
