"""The agent's speech on its way out."""
