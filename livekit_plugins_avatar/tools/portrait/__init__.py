"""Personas from one picture: a photograph or a painting of a face becomes a persona file."""
