"""Chooses the environment variables that a child process gets.

Children get an allow-list, so that API keys and other secrets of the user's shell reach only the
process that needs them.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

BASE = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_*", "TZ"),
    *("TMPDIR", "TEMP", "TMP", "XDG_*", "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
)
NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    "NODE_EXTRA_CA_CERTS",
)
INSTALLERS = (
    *NETWORK,
    *("PIP_*", "UV_INDEX*", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
    *("UV_CACHE_DIR", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_OFFLINE", "UV_PYTHON*", "UV_CONFIG*"),
    *("NPM_CONFIG_*", "npm_config_*"),
    *("GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOINSECURE", "GOTOOLCHAIN"),
)
PYTHON = ("PYTHON*", "VIRTUAL_ENV", "CUDA_*", "NVIDIA_*", "OMP_*")


def child_environment(*also: str) -> dict[str, str]:
    """This process's variables whose names are in `BASE` or `also`; `*` stands for any ending."""
    allowed = (*BASE, *also)
    return {
        name: value
        for name, value in os.environ.items()
        if any(fnmatchcase(name, pattern) for pattern in allowed)
    }
