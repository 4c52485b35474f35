"""The visemes of a recording, printed or drawn."""
