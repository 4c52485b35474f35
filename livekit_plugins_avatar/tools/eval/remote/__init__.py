"""Measures agents whose faces are drawn by workers in other processes."""
