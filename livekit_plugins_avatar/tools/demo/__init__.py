"""The demo: a LiveKit server, a worker and a page on this machine, with no key and no account.

In flows a fresh machine, out flows a talking face at a local address. What is missing is found or
installed from package registries into one cache folder (`cache`), a part at a time: the server's
binary, the page, a browser, the voice and the ears. Nothing here is imported by the plugin itself.
"""
