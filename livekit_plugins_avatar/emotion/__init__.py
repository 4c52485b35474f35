"""Finds the emotion of what the agent says and hears, and when the face is to show it."""
