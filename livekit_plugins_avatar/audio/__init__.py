"""The agent's speech, from the framework's audio output to the published track."""
