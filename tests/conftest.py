"""What all tests share."""

import signal

pytest_plugins = ["lab.fixture", "engine.tally"]


def pytest_configure() -> None:
    """What is begun in the background of a script ignores SIGINT, and so would all it begins."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
