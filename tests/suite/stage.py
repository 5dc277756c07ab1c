"""A stage: one open backend, and somebody else's hands on the cluster behind it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, Self, TypeVar

from backends.clusters.base import Backend
from backends.data.picture import VM, Cluster
from waiting import PATIENCE_S

T = TypeVar("T")


class Stage(ABC):
    """Enter it to have its backend open on a settled cluster."""

    backend: Backend
    migratable: str
    """A VM that would migrate live."""
    rebooting: str
    """A VM without allow-migrate."""

    @abstractmethod
    async def __aenter__(self) -> Self: ...

    @abstractmethod
    async def __aexit__(self, *error: object) -> None: ...

    @abstractmethod
    async def outside(self, node: str, *argv: str) -> None:
        """Run a command on a node as somebody else would."""

    @abstractmethod
    async def stop_libvirt(self, node: str) -> None:
        """End libvirt on a node; its guests run on."""

    @abstractmethod
    async def start_libvirt(self, node: str) -> None:
        """Start it again."""

    @abstractmethod
    async def kill(self, node: str) -> None:
        """Pull the plug of a node."""

    @abstractmethod
    async def boots(self, vm: str) -> int:
        """How often the guest has been booted, as the guest itself knows it."""

    @abstractmethod
    def unhurried(self, vm: str) -> AbstractContextManager[None]:
        """Copies of this VM that begin meanwhile last long enough to be seen on a busy machine."""

    @property
    def picture(self) -> Cluster:
        return self.backend.picture

    def vm(self, name: str) -> VM:
        """A VM of the newest picture."""
        vm = self.picture.vm(name)
        assert vm is not None, f"no {name} in {[vm.id for vm in self.picture.vms]}"
        return vm

    def home(self, vm: str) -> str:
        """The node it is on."""
        node = self.vm(vm).node
        assert node is not None, f"{vm} runs nowhere"
        return node

    def elsewhere(self, vm: str) -> str:
        """A node it is not on."""
        home = self.home(vm)
        return next(n.name for n in self.picture.nodes if n.name != home and n.can_host)

    async def wait(self, predicate: Callable[[Cluster], T | None], what: str) -> T:
        """The first true answer of the predicate on a picture; fails after `PATIENCE_S`."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                async for picture in self.backend.pictures():
                    answer = predicate(picture)
                    if answer:
                        return answer
        except TimeoutError:
            raise AssertionError(f"waited in vain for {what}: {self.picture}") from None
        raise AssertionError(f"the pictures ended before {what}")

    async def collect(self, until: Callable[[Cluster], object], what: str) -> list[Cluster]:
        """Every picture up to and including the first for which `until` is true."""
        seen: list[Cluster] = []

        def look(picture: Cluster) -> list[Cluster] | None:
            seen.append(picture)
            return seen if until(picture) else None

        return await self.wait(look, what)


class Build(Protocol):
    """Makes a stage that is not entered yet."""

    def __call__(self, *, read_only: bool = False) -> Stage: ...
