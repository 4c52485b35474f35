"""A LiveKit server starts on the loopback interface, answers, and leaves nothing behind."""

from __future__ import annotations

import socket
import stat
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from livekit import api

from livekit_plugins_avatar.tools.demo import server_binary
from livekit_plugins_avatar.tools.demo.server import (
    LiveKitServer,
    ServerDied,
    free_ports,
    livekit_server,
)


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def answers(server: LiveKitServer) -> bool:
    try:
        with urllib.request.urlopen(server.url.replace("ws://", "http://"), timeout=5):
            return True
    except urllib.error.URLError:
        return False


@pytest.mark.room
def test_two_servers() -> None:
    """Two servers run side by side, on loopback alone, and are gone after their blocks."""
    before = children()
    with livekit_server(server_binary.provide()) as one:
        (process,) = map(psutil.Process, children() - before)
        sockets = process.net_connections()
        assert {each.laddr.ip for each in sockets} == {"127.0.0.1"}
        assert {socket.SOCK_STREAM, socket.SOCK_DGRAM} == {each.type for each in sockets}
        with livekit_server(server_binary.provide()) as other:
            assert answers(one) and answers(other)
            assert one.url != other.url and one.api_secret != other.api_secret
        assert answers(one) and not answers(other)
    assert not answers(one)
    assert children() == before


@pytest.mark.room
def test_failing_block() -> None:
    """A server is stopped when its block fails."""
    before = children()
    with pytest.raises(ZeroDivisionError), livekit_server(server_binary.provide()):
        raise ZeroDivisionError
    assert children() == before


def test_binary_that_ends(tmp_path: Path) -> None:
    """A binary that ends at once is reported with the end of its log."""
    binary = tmp_path / "livekit-server"
    binary.write_text(f"#!{sys.executable} -S\nraise SystemExit('no such option: --config')\n")
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(ServerDied, match="no such option"), livekit_server(binary):
        pass


def test_token() -> None:
    """A token makes a room with synchronised streams and dispatches the agent."""
    server = LiveKitServer(url="ws://127.0.0.1:1", api_key="key", api_secret="s" * 32)
    claims = api.TokenVerifier(server.api_key, server.api_secret).verify(
        server.token(identity="visitor", room="parlour", agents=["butler"])
    )
    assert claims.identity == "visitor"
    assert claims.video is not None and claims.video.room == "parlour" and claims.video.room_join
    assert claims.room_config is not None and claims.room_config.sync_streams
    assert [agent.agent_name for agent in claims.room_config.agents] == ["butler"]


def test_environment() -> None:
    """The environment has the variables that LiveKit's tools read."""
    server = LiveKitServer(url="ws://127.0.0.1:1", api_key="key", api_secret="secret")
    assert server.environment == {
        "LIVEKIT_URL": "ws://127.0.0.1:1",
        "LIVEKIT_API_KEY": "key",
        "LIVEKIT_API_SECRET": "secret",
    }


def test_free_ports() -> None:
    """Free ports differ, and an address of another machine is an error."""
    assert len(set(free_ports(5))) == 5
    with pytest.raises(OSError, match="assign"):
        free_ports(1, "203.0.113.1")
