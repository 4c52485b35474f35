"""Reads a LiveKit access token: what it allows, how long, and how it has rooms made.

The signature is not checked; the server does that.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from .finding import Finding, ok, problem

PART = "token"
SYNC = "with_room_config(api.RoomConfiguration(sync_streams=True))"


def check_token(token: str, now_s: float | None = None) -> Iterator[Finding]:
    """What a viewer's token lacks.

    Args:
        token: As the page or the app gets it.
        now_s: Seconds since the epoch; by default this machine's clock.
    """
    claims = claims_of(token)
    if claims is None:
        yield problem(PART, "is no JWT of three parts", "Give the token alone, without `Bearer`.")
        return
    now_s = time.time() if now_s is None else now_s
    expires_s = float(claims.get("exp", 0))
    if expires_s <= now_s:
        ago = f"expired {now_s - expires_s:.0f} s ago"
        yield problem(PART, ago, "Make a new one for each join; see `with_ttl`.")
    elif float(claims.get("nbf", 0)) > now_s:
        yield problem(
            PART, "is not valid yet", "Set the clock of the machine that makes the tokens."
        )
    else:
        yield ok(PART, f"for {claims.get('sub') or 'an unnamed participant'}, valid")
    yield from _check_grants(claims.get("video") or {})
    if (claims.get("roomConfig") or {}).get("syncStreams"):
        yield ok("sync group (token)", "asked for; it takes effect where the token makes the room")
    else:
        remedy = f"{SYNC}, unless the room is made elsewhere with sync_streams."
        yield problem("sync group (token)", "the token makes rooms without sync_streams", remedy)


def _check_grants(video: Mapping[str, Any]) -> Iterator[Finding]:
    lacks = [] if video.get("roomJoin") else ["roomJoin"]
    # Where these are absent, they are granted.
    lacks += [name for name in ("canSubscribe", "canPublish") if video.get(name) is False]
    sources = video.get("canPublishSources") or ["microphone"]
    if "microphone" not in sources:
        lacks.append('canPublishSources without "microphone"')
    if lacks:
        remedy = "Grant room_join, can_subscribe and the microphone: api.VideoGrants(...)."
        yield problem("token grants", f"lacks {', '.join(lacks)}", remedy)
    else:
        yield ok("token grants", f"join {video.get('room') or 'any room'}, see, hear and speak")


def claims_of(token: str) -> dict[str, Any] | None:
    """What a token says, unverified; None if it is no token."""
    try:
        _, body, _ = token.strip().split(".")
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None
