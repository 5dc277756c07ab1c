"""What can go wrong, by cause.

::

    VmferryError
    ├── Unreachable         no connection to a host
    │   ├── HostKeyUnknown      it is not in known_hosts
    │   ├── HostKeyChanged      it is another one than in known_hosts
    │   └── LoginRefused        no key or password was accepted
    ├── TimedOut            it was asked and did not answer in time
    ├── NotPermitted        it answered: you may not
    ├── NotACluster         no Pacemaker tools on that host
    ├── ClusterStopped      Pacemaker is installed there but does not run
    ├── BadAnswer           an answer that cannot be understood
    ├── CommandFailed       a command ended with an error
    ├── Unknown             no such VM or node
    ├── Refused             vmferry will not do it, and says why
    ├── ActFailed           an act did not reach its end; says in which state the VM is
    └── BadConfiguration    a configuration file or an option that cannot be used

Every error is a sentence for an operator: `what` failed, `where`, and a `cure`.
"""

from __future__ import annotations


class VmferryError(Exception):
    """What failed, where, and what to do about it."""

    def __init__(self, what: str, *, where: str | None = None, cure: str | None = None) -> None:
        self.what = what
        self.where = where
        self.cure = cure
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        cure = f" — {self.cure}" if self.cure else ""
        return f"{place}{self.what}{cure}"


class Unreachable(VmferryError):
    """No connection to a host."""


class HostKeyUnknown(Unreachable):
    """The host's key is not in known_hosts."""


class HostKeyChanged(Unreachable):
    """The host shows another key than known_hosts has for it."""


class LoginRefused(Unreachable):
    """The host accepted none of the keys."""


class TimedOut(VmferryError):
    """Asked, and not answered in time."""


class NotPermitted(VmferryError):
    """The login lacks the right to do it."""


class NotACluster(VmferryError):
    """No Pacemaker tools on that host."""


class ClusterStopped(VmferryError):
    """Pacemaker does not run there."""


class BadAnswer(VmferryError):
    """An answer that cannot be understood."""


class CommandFailed(VmferryError):
    """A command ended with an error."""


class Unknown(VmferryError):
    """No such VM or node."""


class Refused(VmferryError):
    """vmferry will not do it."""


class ActFailed(VmferryError):
    """An act did not reach its end."""


class BadConfiguration(VmferryError):
    """A configuration file or an option that cannot be used."""
