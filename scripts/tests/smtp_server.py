#!/usr/bin/env python3
"""A real SMTP server (aiosmtpd) for tests. It prints a line for each connection, reset and message.

A message is printed as JSON, parsed by Python's own package. Some recipients have a meaning:
nobody@ is refused for good, busy@ for now, gone@ closes the connection, and slow@ is never answered.
"""
import argparse
import asyncio
import email
import email.policy
import email.utils
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


def say(word, value=None):
    print(word if value is None else f"{word} {json.dumps(value)}", flush=True)


def body(message, kind):
    part = message.get_body(preferencelist=(kind,))
    return part.get_content() if part else None


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "nobody":
            return "550 5.1.1 There is no such mailbox"
        if name == "busy":
            return "451 4.3.2 Come again later"
        if name == "gone":
            server.transport.close()
            return "421 4.3.0 Closing"
        if name == "slow":
            await asyncio.Event().wait()
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Accepted"

    async def handle_RSET(self, server, session, envelope):
        say("reset")
        return "250 2.0.0 Reset"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        if "refuse" in (message["subject"] or ""):
            return "554 5.7.1 This text is not wanted"
        lines = envelope.original_content.split(b"\r\n")
        say("message", {
            "from": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "encrypted": server.transport.get_extra_info("ssl_object") is not None,
            "headers": [[name, str(value)] for name, value in message.items()],
            "to": [[address.display_name, address.addr_spec] for address in message["to"].addresses],
            "type": message.get_content_type(),
            "text": body(message, "plain"),
            "html": body(message, "html"),
            "defects": [str(defect) for part in message.walk() for defect in part.defects],
            "longest_line": max(map(len, lines)),
            "is_ascii": envelope.original_content.isascii(),
            "date": email.utils.parsedate_to_datetime(message["date"]).timestamp(),
        })
        return "250 2.0.0 Kept"


class Server(SMTP):
    def connection_made(self, transport):
        # The handshake of STARTTLS comes here a second time.
        if self.transport is None:
            say("connection")
        super().connection_made(transport)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tls", choices=["none", "starttls", "tls"], default="none")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--mechanism", choices=["PLAIN", "LOGIN"])
    options = parser.parse_args()
    context = None
    if options.tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate, options.key)

    def authenticate(server, session, envelope, mechanism, data):
        wanted = (options.user.encode(), options.password.encode())
        return AuthResult(success=(data.login, data.password) == wanted, handled=False, auth_data=data)

    def make():
        arguments = {}
        if options.user:
            others = {"PLAIN", "LOGIN"} - {options.mechanism} if options.mechanism else set()
            arguments = {
                "authenticator": authenticate,
                "auth_required": True,
                "auth_require_tls": options.tls == "starttls",
                "auth_exclude_mechanism": others,
            }
        if options.tls == "starttls":
            arguments |= {"tls_context": context, "require_starttls": True}
        return Server(Handler(), hostname="mail.test", **arguments)

    implicit = context if options.tls == "tls" else None
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", options.port, ssl=implicit)
    say("listening")
    await server.serve_forever()


asyncio.run(main())
