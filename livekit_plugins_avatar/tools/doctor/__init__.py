"""Finds out whether this machine, a LiveKit server and a token can carry an avatar."""
