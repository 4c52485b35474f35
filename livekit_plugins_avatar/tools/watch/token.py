"""The token with which `watch` joins: made here, or looked at before it is used."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

from livekit import api

from ..doctor.token import claims_of

IDENTITY = "livekit-avatar-watch"
LIFE = timedelta(minutes=10)
"""For joining; see `demo.server`."""


class TokenError(ValueError):
    """A token lets no viewer in; the message names the remedy."""


def hidden_token(room: str, environment: Mapping[str, str]) -> str:
    """A token for a hidden viewer of `room`, by the keys of the environment.

    Raises:
        TokenError: The environment has no keys.
    """
    key, secret = (environment.get(f"LIVEKIT_API_{name}", "") for name in ("KEY", "SECRET"))
    if not key or not secret:
        raise TokenError("--room needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET; or give a --token")
    grants = api.VideoGrants(
        room_join=True, room=room, hidden=True, can_publish=False, can_publish_data=False
    )
    token = api.AccessToken(key, secret).with_identity(IDENTITY).with_ttl(LIFE)
    return token.with_grants(grants).to_jwt()


def looked_at(token: str) -> list[str]:
    """What is worth knowing of a token before it is used.

    Raises:
        TokenError: It lets no viewer in.
    """
    claims = claims_of(token)
    if claims is None:
        raise TokenError("--token is no JWT of three parts: give it alone, without `Bearer`")
    if float(claims.get("exp", 0)) <= time.time():
        raise TokenError("--token has expired: make a new one for each join")
    video = claims.get("video") or {}
    if not video.get("roomJoin"):
        raise TokenError("--token does not let its owner join: grant room_join and a room")
    if video.get("canSubscribe") is False:
        raise TokenError("--token lets its owner receive nothing: grant can_subscribe")
    if not video.get("hidden"):
        return ["the token is not of a hidden participant: the avatar sees that one more watches"]
    return []
