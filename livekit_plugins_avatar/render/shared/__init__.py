"""One renderer a machine: a process that draws for all jobs of a user."""
