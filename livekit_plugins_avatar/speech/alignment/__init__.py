"""Finds where each word of a known text lies in the sound."""
