"""pytest plugin: some workers take files from the end of the list, where those without a lab are.

The lab's tests come first, and mostly wait; the others compute. Side by side they use a machine
that neither uses alone. Who comes to files of the other kind takes them, too.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

FROM_THE_END = 0.4
"""Of the workers. They are through sooner, and then help with the lab's tests."""


class BothEnds(LoadFileScheduling):
    """Files from both ends of the list, each to one worker."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        if self.nodes.index(node) < round(self.numnodes * FROM_THE_END):
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return BothEnds(config, log) if config.getvalue("dist") == "loadfile" else None
