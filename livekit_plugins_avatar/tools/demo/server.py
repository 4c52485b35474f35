"""A LiveKit server of one's own, on loopback, for as long as a `with` block lasts.

In flows the path of the binary; out flow an address, a key and a secret made for this run, and
tokens for its rooms. The ports are free ones, so that many can run side by side; when the block
ends the process is gone. Rooms are made with `sync_streams`, without which a browser plays a
participant's sound and picture as two unrelated streams.
"""

from __future__ import annotations

import json
import random
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from livekit import api

HOST = "127.0.0.1"
START_DEADLINE_S = 20.0
STOP_PATIENCE_S = 0.5
"""How long the server may wait for its participants to leave when asked to stop: they are ours."""
POLL_S = 0.05
PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections: one of these would otherwise take a port
between its being found free and its being used."""
TOKEN_LIFE = timedelta(hours=12)


class ServerDied(RuntimeError):
    """The LiveKit server did not come up; the message carries the end of its log."""


@dataclass(frozen=True, slots=True)
class LiveKitServer:
    """A running server, and what a client needs to use it."""

    url: str
    """Where clients connect, "ws://...". """
    api_key: str
    api_secret: str
    udp_port: int = 0
    """Where it takes media; 0 for a server that somebody else runs."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which LiveKit's own tools and workers find this server."""
        return {
            "LIVEKIT_URL": self.url,
            "LIVEKIT_API_KEY": self.api_key,
            "LIVEKIT_API_SECRET": self.api_secret,
        }

    def token(self, *, identity: str, room: str, name: str = "", agents: Sequence[str] = ()) -> str:
        """A token to join `room`; if the room is made by it, `agents` are sent there too.

        Args:
            identity: Who joins; unique in the room.
            room: Name of the room.
            name: What others call whoever joins.
            agents: Names of the workers to dispatch to a new room.
        """
        return (
            api.AccessToken(self.api_key, self.api_secret)
            .with_identity(identity)
            .with_name(name)
            .with_ttl(TOKEN_LIFE)
            .with_grants(api.VideoGrants(room_join=True, room=room))
            .with_room_config(
                api.RoomConfiguration(
                    sync_streams=True,
                    agents=[api.RoomAgentDispatch(agent_name=name) for name in agents],
                )
            )
            .to_jwt()
        )


@contextmanager
def livekit_server(binary: Path, *, relayed: bool = False) -> Iterator[LiveKitServer]:
    """Run the server until the block ends.

    Args:
        binary: The server's executable, as `server_binary.provide` finds it.
        relayed: Media come over UDP alone and by the way that the client chose: a relay in
            between is then never passed by.

    Raises:
        ServerDied: It ended at once or was not healthy within `START_DEADLINE_S`.
    """
    with ExitStack() as stack:
        port, tcp_port, udp_port = free_ports(3)
        server = LiveKitServer(
            url=f"ws://{HOST}:{port}",
            api_key=f"key-{secrets.token_hex(4)}",
            api_secret=secrets.token_hex(24),
            udp_port=udp_port,
        )
        room = Path(stack.enter_context(TemporaryDirectory(prefix="livekit-avatar-server-")))
        config, log = room / "livekit.json", room / "server.log"
        # JSON is YAML, which spares a dependency.
        config.write_text(json.dumps(_config(server, port, 0 if relayed else tcp_port, relayed)))
        config.chmod(0o600)
        process = subprocess.Popen(
            [binary, "--config", config],
            stdin=subprocess.DEVNULL,
            stdout=stack.enter_context(log.open("w")),
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal reaches the parent alone, which then stops its children.
            start_new_session=True,
        )
        stack.callback(stop, process, patience_s=STOP_PATIENCE_S)
        _wait_until_healthy(process, port, log)
        yield server


def free_ports(count: int) -> list[int]:
    """`count` different ports of `HOST` that nothing uses now, for TCP and for UDP."""
    ports: list[int] = []
    with ExitStack() as stack:
        for port in random.sample(PORTS, len(PORTS)):
            tcp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                tcp.bind((HOST, port))
                udp.bind((HOST, port))
            except OSError:
                continue
            ports.append(port)
            if len(ports) == count:
                return ports
    raise ServerDied(f"no {count} ports between {PORTS[0]} and {PORTS[-1]} of {HOST} are free")


def stop(process: subprocess.Popen[bytes], *, patience_s: float) -> None:
    """End `process`: ask, ask again after `patience_s`, and after as long again make it end.

    A second request means "now", to the server and to a worker alike; the server also loses a
    first one that comes in its first tenth of a second.
    """
    for ask in (process.terminate, process.terminate, process.kill):
        if process.poll() is not None:
            return
        ask()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _config(server: LiveKitServer, port: int, tcp_port: int, relayed: bool) -> dict[str, object]:
    return {
        "port": port,
        "bind_addresses": [HOST],
        "rtc": {
            "tcp_port": tcp_port,
            "udp_port": server.udp_port,
            # Lite: it answers connectivity checks and sends none of its own.
            "use_ice_lite": relayed,
            "use_external_ip": False,
            "node_ip": HOST,
            "interfaces": {"includes": ["lo", "lo0"]},
            "enable_loopback_candidate": True,
        },
        "room": {"sync_streams": True},
        "keys": {server.api_key: server.api_secret},
        "logging": {"level": "info"},
    }


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline_s = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_S)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
    raise ServerDied(
        f"the LiveKit server did not come up on {HOST}:{port}; its last words:\n{tail}"
    )
