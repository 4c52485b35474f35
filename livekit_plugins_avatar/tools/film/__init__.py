"""Films: writes what a viewer would see and hear to a file instead of a room."""
