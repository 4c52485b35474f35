"""Follows the conversation: the agent session's events, the participants, the agent's text."""
