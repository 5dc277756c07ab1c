"""What all tests share."""

import signal

from hypothesis import HealthCheck, settings

# Properties are never judged by the clock: this machine may be busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

pytest_plugins = ["both_ends", "lab.fixture", "engine.tally"]


def pytest_configure() -> None:
    """What is begun in the background of a script ignores SIGINT, and so would all it begins; what
    `nohup` begins ignores SIGHUP."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)  # ignored here, and as usual in all it begins
