"""A mail server that keeps what it gets: enough of RFC 5321 for smtplib, over real sockets."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import takewhile
from threading import Thread


class Mailbox:
    """Where it listens, what came in, and how it answers a recipient."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answer_to_recipients = "250 ok"
        self.port = 0


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    box = Mailbox()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):  # who was bringing a letter was killed
                self._talk()

        def _talk(self) -> None:
            self._say("220 ready")
            for line in self.rfile:
                command = line.split(b" ")[0].strip().upper()
                if command == b"DATA":
                    self._say("354 go on")
                    box.letters.append(message_from_bytes(b"".join(self._data()), policy=policy.default))
                    self._say("250 kept")
                elif command == b"RCPT":
                    self._say(box.answer_to_recipients)
                elif command == b"QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 ok")

        def _data(self) -> Iterator[bytes]:
            return takewhile(lambda line: line != b".\r\n", self.rfile)

        def _say(self, answer: str) -> None:
            self.wfile.write(f"{answer}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        Thread(target=server.serve_forever, daemon=True).start()
        yield box
        server.shutdown()
