"""Ports are found free and remembered."""

import socket
from pathlib import Path

from deploy.local.ports import FIRST, LAST, PortBook, free_port, is_free


def test_a_chosen_port_is_the_same_in_the_next_run(tmp_path: Path) -> None:
    chosen = PortBook(tmp_path / "ports.json").port("postgres")
    assert PortBook(tmp_path / "ports.json").port("postgres") == chosen


def test_a_port_that_somebody_took_meanwhile_is_replaced(tmp_path: Path) -> None:
    chosen = PortBook(tmp_path / "ports.json").port("postgres")
    with socket.socket() as other:
        other.bind(("127.0.0.1", chosen))
        other.listen()
        assert not is_free(chosen)
        replaced = PortBook(tmp_path / "ports.json").port("postgres")
    assert replaced != chosen
    assert PortBook(tmp_path / "ports.json").port("postgres") == replaced


def test_a_damaged_book_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text("{half")
    chosen = PortBook(tmp_path / "ports.json").port("postgres")
    assert PortBook(tmp_path / "ports.json").port("postgres") == chosen


def test_chosen_ports_lie_below_those_of_outgoing_connections() -> None:
    outgoing = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first_outgoing = int(outgoing.read_text().split()[0]) if outgoing.exists() else 32_768
    assert FIRST <= free_port() <= LAST < first_outgoing
