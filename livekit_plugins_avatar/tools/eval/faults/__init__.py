"""What goes wrong in a call, as code: the same faults for the evals and for the tests.

`script` says when what goes wrong, as a table; the other files hold what can: the renderer, the
voice's delivery, the machine, its clock.
"""
