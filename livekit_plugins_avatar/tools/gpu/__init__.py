"""What a GPU gives: whether it draws what the CPU draws, and how fast."""
