"""What holds for all tests: their speed is the machine's affair, never a failure."""

from hypothesis import settings

settings.register_profile("project", deadline=None)
settings.load_profile("project")
