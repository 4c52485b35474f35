"""A LiveKit server of one's own comes up, answers, and leaves nothing behind."""

from __future__ import annotations

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
def test_two_servers_run_side_by_side_and_are_gone_after_their_blocks() -> None:
    before = children()
    with livekit_server(server_binary.provide()) as one:
        with livekit_server(server_binary.provide()) as other:
            assert answers(one) and answers(other)
            assert one.url != other.url and one.api_secret != other.api_secret
        assert answers(one) and not answers(other)
    assert not answers(one)
    assert children() == before


@pytest.mark.room
def test_a_server_is_stopped_when_its_block_fails() -> None:
    before = children()
    with pytest.raises(ZeroDivisionError), livekit_server(server_binary.provide()):
        raise ZeroDivisionError
    assert children() == before


def test_a_binary_that_ends_at_once_is_reported_with_its_last_words(tmp_path: Path) -> None:
    binary = tmp_path / "livekit-server"
    binary.write_text(f"#!{sys.executable}\nraise SystemExit('no such option: --config')\n")
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(ServerDied, match="no such option"), livekit_server(binary):
        pass


def test_a_token_makes_a_room_with_its_streams_in_sync_and_sends_for_the_agent() -> None:
    server = LiveKitServer(url="ws://127.0.0.1:1", api_key="key", api_secret="s" * 32)
    claims = api.TokenVerifier(server.api_key, server.api_secret).verify(
        server.token(identity="visitor", room="parlour", agents=["butler"])
    )
    assert claims.identity == "visitor"
    assert claims.video is not None and claims.video.room == "parlour" and claims.video.room_join
    assert claims.room_config is not None and claims.room_config.sync_streams
    assert [agent.agent_name for agent in claims.room_config.agents] == ["butler"]


def test_the_environment_is_what_livekit_tools_read() -> None:
    server = LiveKitServer(url="ws://127.0.0.1:1", api_key="key", api_secret="secret")
    assert server.environment == {
        "LIVEKIT_URL": "ws://127.0.0.1:1",
        "LIVEKIT_API_KEY": "key",
        "LIVEKIT_API_SECRET": "secret",
    }


def test_free_ports_differ() -> None:
    assert len(set(free_ports(5))) == 5
