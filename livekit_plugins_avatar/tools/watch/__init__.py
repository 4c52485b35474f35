"""Watch: tells what the viewers of an avatar see and hear, of a recording or of a room."""
