"""From what is said and heard to what is felt about it.

In flow what the agent says, with its markup, and what it hears; out flow emotions for the face,
each at the sample at which it is to begin. Everything here works without a network and without a
key; with a key, a service may be asked as well.
"""
