"""Whom the face looks at."""
