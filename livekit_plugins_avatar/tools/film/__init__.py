"""Films: what a viewer would see and hear, written to a file instead of a room."""
