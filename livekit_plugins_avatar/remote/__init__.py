"""An avatar in another process: the agent's side, the worker's side, and what they exchange."""
