"""Decides whom the face looks at."""
