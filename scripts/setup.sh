# shellcheck shell=bash
# Sourced by the commands beside it. Makes, once, a virtual environment for this checkout in the
# user's cache, and sets: root, cache, venv. Everything it needs beyond Python and bash it fetches
# from the registries: Python packages here; the page's npm packages and the server's Go modules
# when they are first needed.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/livekit-avatar
venv=$cache/venv-$(printf %s "$root" | cksum | cut -d ' ' -f 1)

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# The first Python that is new enough.
find_python() {
  local name
  for name in python3 python3.13 python3.12 python3.11 python3.10 python; do
    if command -v "$name" >/dev/null &&
      "$name" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  fail "Python 3.10 or newer is missing. Install it (Debian: apt-get install python3 python3-venv)."
}

# show_help COMMAND: print the options of a command and exit. Nothing has to be installed: without the
# package's own __init__ the command line needs the standard library alone.
show_help() {
  exec "$(find_python)" -B - "$root" "$1" <<'END'
import sys, types
root, command = sys.argv[1:]
package = types.ModuleType("livekit_plugins_avatar")
package.__path__ = [root + "/livekit_plugins_avatar"]
sys.modules[package.__name__] = package
sys.path.insert(0, root)
from livekit_plugins_avatar.tools.cli import main
sys.exit(main([command, "--help"]))
END
}

# uv from PATH, or from an environment of its own in the cache, put on PATH.
ensure_uv() {
  command -v uv >/dev/null && return
  if [[ ! -x $cache/uv/bin/uv ]]; then
    echo "  fetching uv from the Python package index ..."
    "$(find_python)" -m venv "$cache/uv" ||
      fail "uv is missing and no virtual environment can be made for it. Install uv, or python3-venv."
    "$cache/uv/bin/python" -m pip install --quiet --disable-pip-version-check \
      --require-hashes --requirement "$root/scripts/uv.txt" ||
      fail "uv is missing and the package index does not give it. Install uv."
  fi
  export PATH=$cache/uv/bin:$PATH
}

# set_up EXTRAS: install the checkout, editable, with these extras; nothing where nothing changed.
# That also compiles its native code, which lies in the checkout: another clone in the same place lacks it.
# constraints.txt pins every version with the hashes of its files, which uv verifies.
set_up() {
  local extras=$1 wanted stamp began=$SECONDS
  ensure_uv
  stamp=$venv/.installed-${extras//,/-}
  wanted=$(cd "$root" && cat pyproject.toml constraints.txt scripts/native.py livekit_plugins_avatar/version.py \
    livekit_plugins_avatar/render/*.[ch] | cksum)
  if [[ -x $venv/bin/python && -f $stamp && $(<"$stamp") == "$wanted" ]] &&
    compgen -G "$root/livekit_plugins_avatar/render/libnative.*" >/dev/null; then
    return
  fi
  echo "  installing livekit-plugins-avatar[$extras] into $venv ..."
  [[ -x $venv/bin/python ]] || uv venv --quiet --python "$(find_python)" "$venv"
  uv pip install --quiet --python "$venv/bin/python" --constraint "$root/constraints.txt" \
    --reinstall-package livekit-plugins-avatar --editable "$root[$extras]" ||
    fail "The package index did not give what pyproject.toml asks for. Is this machine online?"
  printf '%s' "$wanted" >"$stamp"
  echo "  installing livekit-plugins-avatar[$extras]: done in $((SECONDS - began)) s"
}
