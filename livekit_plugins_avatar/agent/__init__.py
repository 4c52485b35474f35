"""What happens in the conversation: the agent session, the room, the text."""
