"""Runs a LiveKit server on this machine for as long as a `with` block lasts.

Address, key and secret are made for each run, and ports are free ones, so that servers can run side
by side. The server listens on the loopback interface alone unless told otherwise. Rooms are made
with `sync_streams`: without it a browser plays a participant's sound and picture as two unrelated
streams.
"""

from __future__ import annotations

import errno
import ipaddress
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

from .child_process import child_process
from .environment import child_environment

LOOPBACK = "127.0.0.1"
START_DEADLINE_S = 20.0
STOP_PATIENCE_S = 0.5
"""How long the server may wait for its participants to leave when asked to stop."""
POLL_S = 0.05
PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections, which could take a port after it was found
free."""
TOKEN_LIFE = timedelta(minutes=10)
"""For joining. The server sends each participant a new token every 5 minutes (LiveKit 1.13), with
which clients reconnect."""


class ServerDied(RuntimeError):
    """The LiveKit server did not come up; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class LiveKitServer:
    """A running server, and what a client needs to use it."""

    url: str
    """Where clients connect, "ws://...". """
    api_key: str
    api_secret: str
    udp_port: int = 0
    """Where it receives media; 0 where that is not known."""
    synced: bool = True
    """Whether its rooms are made with `sync_streams`."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables that LiveKit's tools and workers read."""
        return {
            "LIVEKIT_URL": self.url,
            "LIVEKIT_API_KEY": self.api_key,
            "LIVEKIT_API_SECRET": self.api_secret,
        }

    def token(
        self,
        *,
        identity: str,
        room: str,
        name: str = "",
        agents: Sequence[str] = (),
        sources: Sequence[str] = (),
    ) -> str:
        """A token to join `room`, which is made if it is not there.

        Args:
            identity: Of the participant; unique in the room.
            room: Name of the room.
            name: Of the participant, as shown to others.
            agents: Names of the workers to dispatch to a new room.
            sources: What the participant may publish, as "microphone"; any source if empty.
        """
        grants = api.VideoGrants(room_join=True, room=room)
        if sources:
            grants.can_publish_sources = list(sources)
        return (
            api.AccessToken(self.api_key, self.api_secret)
            .with_identity(identity)
            .with_name(name)
            .with_ttl(TOKEN_LIFE)
            .with_grants(grants)
            .with_room_config(
                api.RoomConfiguration(
                    sync_streams=self.synced,
                    agents=[api.RoomAgentDispatch(agent_name=name) for name in agents],
                )
            )
            .to_jwt()
        )


@contextmanager
def livekit_server(
    binary: Path,
    *,
    relayed: bool = False,
    host: str = LOOPBACK,
    synced: bool = True,
    redis: str | None = None,
    beside: LiveKitServer | None = None,
) -> Iterator[LiveKitServer]:
    """Run the server until the block ends.

    Args:
        binary: The server's executable, as `server_binary.provide` finds it.
        relayed: The server never looks for a path of its own to the client, so that a relay
            between them carries all media.
        host: IP address of this machine on which the server listens.
        synced: Rooms are made with `sync_streams`.
        redis: Address of a Redis that it shares with other servers: together they are one.
        beside: A server whose key and secret this one has too.

    Raises:
        ServerDied: It ended at once or was not healthy within `START_DEADLINE_S`.
    """
    with ExitStack() as stack:
        port, udp_port = free_ports(2, host)
        server = LiveKitServer(
            url=f"ws://{_bracketed(host)}:{port}",
            api_key=beside.api_key if beside is not None else f"key-{secrets.token_hex(4)}",
            api_secret=beside.api_secret if beside is not None else secrets.token_hex(24),
            udp_port=udp_port,
            synced=synced,
        )
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="livekit-avatar-server-")))
        config, log = folder / "livekit.json", folder / "server.log"
        config.touch(mode=0o600)
        # JSON is YAML, which spares a dependency.
        shared = {} if redis is None else {"redis": {"address": redis}}
        config.write_text(json.dumps({**_config(server, host, port, relayed), **shared}))
        process = stack.enter_context(
            child_process(
                [binary, "--config", config],
                env=child_environment(),
                log=log,
                patience_s=STOP_PATIENCE_S,
            )
        )
        _wait_until_healthy(process, server.url, log)
        yield server


def free_ports(count: int, host: str = LOOPBACK) -> list[int]:
    """`count` different ports of `host` that nothing uses now, for TCP and for UDP.

    Raises:
        ServerDied: There are not so many.
        OSError: This machine does not have the address `host`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    ports: list[int] = []
    with ExitStack() as stack:
        for port in random.sample(PORTS, len(PORTS)):
            tcp = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            udp = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            try:
                tcp.bind((host, port))
                udp.bind((host, port))
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL:
                    raise
                continue
            ports.append(port)
            if len(ports) == count:
                return ports
    raise ServerDied(f"no {count} ports between {PORTS[0]} and {PORTS[-1]} of {host} are free")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _config(server: LiveKitServer, host: str, port: int, relayed: bool) -> dict[str, object]:
    return {
        "port": port,
        "bind_addresses": [host],
        "rtc": {
            # Off: the server would listen for ICE over TCP on all interfaces (LiveKit 1.13).
            "tcp_port": 0,
            "udp_port": server.udp_port,
            # Lite: it answers connectivity checks and sends none of its own.
            "use_ice_lite": relayed,
            "use_external_ip": False,
            "node_ip": host,
            "ips": {"includes": [f"{host}/{128 if ':' in host else 32}"]},
            "enable_loopback_candidate": ipaddress.ip_address(host).is_loopback,
        },
        "room": {"sync_streams": server.synced},
        "keys": {server.api_key: server.api_secret},
        "logging": {"level": "info"},
    }


def _wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline_s = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url.replace("ws", "http", 1), timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_S)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
    raise ServerDied(f"the LiveKit server did not come up at {url}; its log ends with:\n{tail}")
