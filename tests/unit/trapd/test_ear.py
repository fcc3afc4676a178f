"""Real UDP sockets on loopback: what is heard, from where it is answered, what the kernel lost."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from netwatch.errors import CannotListen
from netwatch.settings import Listen
from netwatch.trapd.ear import RECEIVE_BUFFER, Ear, ears

SO_RCVBUFFORCE = 33  # Linux; Python's socket module has no name for it


@pytest.fixture
def opened() -> Iterator[list[Ear]]:
    made: list[Ear] = []
    yield made
    for ear in made:
        ear.close()


def port_of(ear: Ear) -> int:
    return int(ear.address.rpartition(":")[2])


@pytest.mark.parametrize(
    ("listen", "called"), [("0.0.0.0", "127.9.8.7"), ("127.9.8.7", "127.9.8.7"), ("::", "127.9.8.7"), ("::", "::1")]
)
def test_an_answer_comes_from_the_address_that_was_called(opened: list[Ear], listen: str, called: str):
    """A sender takes an answer only from whom it asked; a host has many addresses."""
    opened += ears(Listen(listen, 0), ())
    (ear,) = opened
    with socket.socket(socket.AF_INET6 if ":" in called else socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.settimeout(10)
        device.connect((called, port_of(ear)))
        device.send(b"inform")
        (heard,) = ear.read(10)
        assert heard.datagram == b"inform"
        assert heard.source == {"127.9.8.7": "127.0.0.1", "::1": "::1"}[called] or heard.source.endswith(("127.0.0.1", called))
        ear.answer(heard, b"response")
        assert device.recv(100) == b"response"
    assert ear.unsent == 0


def test_what_the_kernel_threw_away_is_counted(opened: list[Ear]):
    opened += ears(Listen("127.0.0.1", 0), ())
    (ear,) = opened
    ear._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        for _ in range(500):
            device.sendto(b"x" * 300, ("127.0.0.1", port_of(ear)))
        read = len(list(ear.read(1000)))
        device.sendto(b"x" * 300, ("127.0.0.1", port_of(ear)))  # tells what was lost before it
        read += len(list(ear.read(1000)))
    assert 0 < read < 501
    assert read + ear.drops == 501


def test_nothing_to_read_is_nothing(opened: list[Ear]):
    opened += ears(Listen("127.0.0.1", 0), ())
    assert list(opened[0].read(10)) == []


def test_an_answer_that_cannot_be_sent_is_counted(opened: list[Ear]):
    opened += ears(Listen("127.0.0.1", 0), ())
    (ear,) = opened
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.sendto(b"x", ("127.0.0.1", port_of(ear)))
    (heard,) = ear.read(1)
    ear.answer(heard, b"x" * 70_000)
    assert ear.unsent == 1


def test_sockets_of_systemd_are_used_instead_of_the_address(opened: list[Ear]):
    given = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    given.bind(("127.0.0.1", 0))
    stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened += ears(None, (given, stream))
    assert [ear.fileno() for ear in opened] == [given.fileno()]
    stream.close()


def test_a_port_that_is_taken_is_named_with_what_to_do():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        listen = Listen("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(CannotListen, match=r"change traps\.listen") as caught:
            ears(listen, ())
    assert str(listen) in str(caught.value)


def test_no_address_and_no_socket_is_said():
    with pytest.raises(CannotListen, match=r"netwatch-trapd\.socket"):
        ears(None, ())


def test_a_buffer_that_systemd_made_larger_than_we_may_is_left_alone(opened: list[Ear]):
    """ReceiveBuffer= goes past net.core.rmem_max, which would cut what we ask for ourselves."""
    given = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    given.bind(("127.0.0.1", 0))
    try:
        given.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:
        given.close()
        pytest.skip("only root may make a receive buffer larger than net.core.rmem_max")
    opened += ears(None, (given,))
    assert opened[0].receive_buffer == RECEIVE_BUFFER
