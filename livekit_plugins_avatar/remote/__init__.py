"""An avatar in a process of its own: the agent's side, the worker's side, and what they exchange."""
