"""Servers that do not answer as one should, each on a port of this machine, until the end of a with block."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def says_nothing(connection: socket.socket) -> None:
    """A tarpit: it accepts, listens, and never says a word."""
    while connection.recv(65536):
        pass


def drips(connection: socket.socket) -> None:
    """A byte at a time, often enough that no read ever times out."""
    connection.recv(65536)
    connection.sendall(OK + b"Content-Length: 1000000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def says(body: bytes, head: bytes = OK) -> Callable[[socket.socket], None]:
    """One answer to everything."""

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)

    return answer


UNKNOWN_USER = says(b"who are you?", b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\n")


@contextmanager
def served(answer: Callable[[socket.socket], None], seen: list[socket.socket] | None = None) -> Iterator[int]:
    """The port at which a server answers every connection so; `seen` collects the connections."""
    stopped, opened = threading.Event(), [] if seen is None else seen

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            answer(connection)

    def accept() -> None:
        while not stopped.is_set():
            with suppress(TimeoutError):
                connection, _ = listening.accept()
                connection.settimeout(30)
                opened.append(connection)
                threading.Thread(target=serve, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield listening.getsockname()[1]
        finally:
            stopped.set()
            accepting.join()
            for connection in opened:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
