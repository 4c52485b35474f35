"""Faults of a call, as code: the same for the evals and for the tests.

`script` is a table of what goes wrong when; the other files make it go wrong: the renderer, the
delivery of the voice, the machine, its clock.
"""
