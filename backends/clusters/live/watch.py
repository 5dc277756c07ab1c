"""Noticing that something changed, without asking for everything each time.

On the voice node two things run under one shell, on every release the same.

- `crm_mon` has `echo` print an empty line at each operation, 10 to 30 ms after it began. It tells
  of nothing else: to its own words for every change nobody listens, since 2.1.5 prints them and
  3.0.0 prints none after its first picture.
- Three times a second a look at how often the daemon that keeps the CIB has read and written. One
  that did neither has heard of no change; where it did, the CIB's version is asked for, and printed
  where it is another one. It is asked for again after 4 s whatever the counters say, so that no
  change is told later. By that constraints, standby and attributes are told of, on 2.1.5, 3.0.0 and
  3.0.3 alike, whether or not the first thing runs, hangs or says nothing. The asking makes the
  daemon read and write, too, always as often: what it did beyond the least that was seen is
  somebody else's, and has the version asked for again.

Where the daemon's counters cannot be read (a login that is neither root nor hacluster, a kernel
without them) the version is asked for each second instead. Silence is noticed by what comes as long
as all is well: a beat each second, and a word after each asking, which takes long where a node is
busy. Everything ends when the shell's stdin ends, so nothing outlives the connection. Bash waits
by itself between two looks; where there is none, it costs a process each time.
"""

from __future__ import annotations

from backends.data.errors import BadAnswer
from backends.data.picture import CibVersion
from backends.pacemaker.version import version_of
from backends.pacemaker.xml import parse

SCRIPT = r"""
find_daemon() {
  daemon=none
  for each in /proc/[0-9]*/comm; do
    name=
    read -r name 2>/dev/null <"$each"
    case $name in
      pacemaker-based | cib)
        daemon=${each%/comm}
        [ ! "$daemon/ns/pid" -ef /proc/self/ns/pid ] || return ;;  # else a container's
    esac
  done
  daemon=none
}
count() {
  done=0
  while read -r key value; do
    case $key in syscr: | syscw:) done=$((done + value)) ;; esac
  done 2>/dev/null <"$daemon/io"
}
ask() {
  begun=$done; unasked=0
  version=$(cibadmin --query --no-children 2>&1)
  if [ "$version" = "$told" ]; then echo '#same'; else printf '%s\n' "$version"; fi
  told=$version
}
settle() {
  cost=$((done - begun)); begun=
  if [ "$least" = 0 ] || [ "$cost" -lt "$least" ]; then least=$cost; fi
  [ "$cost" != "$least" ] || known=$done
}
trap 'kill $events $looks 2>/dev/null' EXIT
crm_mon -i 1 --output-as=text --output-to=/dev/null --include=none,dc -E /bin/echo \
  </dev/null 2>/dev/null &
events=$!
daemon=none; known=none; least=0; begun=; told=; turn=0; unasked=0
look() {
  [ "$turn" != 0 ] || told=
  [ $((turn % 3)) != 0 ] || echo '#beat'
  count
  [ -z "$begun" ] || settle
  if [ "$done" = 0 ]; then
    if [ $((turn % 3)) = 0 ]; then find_daemon; least=0; known=none; ask; begun=; fi
  elif [ "$unasked" -ge 11 ] || [ "$done" != "$known" ]; then
    ask
  fi
  turn=$(((turn + 1) % 12)); unasked=$((unasked + 1))
}
if [ -n "$BASH_VERSION" ]; then
  until look </dev/null; read -r -t 0.33 _; [ $? = 1 ]; do :; done
else
  while look; do sleep 0.33 >/dev/null 2>&1 || sleep 1 >/dev/null 2>&1; done </dev/null &
  looks=$!
  cat >/dev/null
fi
"""

_BY_BASH = 'exec "$(command -v bash || echo sh)" -c "$1" vmferry-watch'

COMMAND = ("sh", "-c", _BY_BASH, "vmferry-watch", SCRIPT)


SIGN_OF_LIFE = "#"
"""What a line begins with that tells nothing else."""


def version_told(line: str) -> CibVersion | None:
    """The version that a line tells; `None` of one that says that something happened, or is none
    that can be read."""
    if not line.startswith("<cib "):
        return None
    try:
        return version_of(parse(line.encode(), "cibadmin"))
    except BadAnswer:
        return None
