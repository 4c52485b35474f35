"""The scores of a recording, one file each."""
