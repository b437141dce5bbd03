"""A receiver of webhooks: a real server over HTTPS whose certificate is made for the test."""

import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

HOST = "localhost"


@dataclass
class Request:
    path: str
    headers: dict
    body: str
    at: float


class Receiver:
    """Answers with `status` and `headers`, `after` so many seconds; keeps what it was sent."""

    def __init__(self, authority, *, name=HOST, address="127.0.0.1"):
        self.requests, self.status, self.headers, self.after = [], 204, {}, 0
        self.bytes = None  # what is sent in place of an answer, one byte each tenth of a second
        self.ended = False  # whether an answer was ever written to its end
        self.released = threading.Event()
        self.server = ThreadingHTTPServer((address, 0), self.make_handler())
        self.server.daemon_threads = True
        self.server.handle_error = lambda *told: None  # whoever hung up did so on purpose
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(tls)
        # Not in accept(): a caller that never begins to encrypt would hold up all others.
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.url = f"https://{name}:{self.port}/webhooks?from=clientline"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def make_handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                told = {name.lower(): value for name, value in self.headers.items()}
                receiver.requests.append(Request(self.path, told, body, time.time()))
                if receiver.bytes is not None:
                    self.drip()
                    return
                receiver.released.wait(receiver.after)
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
                receiver.ended = True

            def drip(self):
                with suppress(OSError):
                    for byte in receiver.bytes:
                        if receiver.released.wait(0.1):
                            return
                        self.wfile.write(bytes([byte]))
                    receiver.ended = True

            def log_message(self, *told):
                pass

        return Handler

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def make_authority():
    return trustme.CA()
