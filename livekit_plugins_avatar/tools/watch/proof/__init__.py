"""The proof of `watch`: films of known truth, with known faults, and what it says about them."""
