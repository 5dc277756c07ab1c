"""What a machine packs is unpacked before anybody sees it; nothing damaged is believed."""

from __future__ import annotations

import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.clusters.command_log import CommandLog
from backends.clusters.ssh import LocalHost
from backends.clusters.ssh.packing import unpacked
from backends.data.errors import BadAnswer

MOST_BYTES = 1 << 20


@given(st.binary())
def test_what_was_packed_is_as_it_was(text: bytes) -> None:
    assert unpacked(lzma.compress(text), most_bytes=MOST_BYTES) == text


@given(st.binary().filter(lambda text: not text.startswith(b"\xfd7zXZ")))
def test_what_was_not_is_left_as_it_is(text: bytes) -> None:
    assert unpacked(text, most_bytes=MOST_BYTES) == text


@given(st.data())
def test_nothing_is_believed_that_breaks_off(data: st.DataObject) -> None:
    packed = lzma.compress(b"<cib/>" * 100)
    end = data.draw(st.integers(6, len(packed) - 1))
    with pytest.raises(BadAnswer, match="breaks off"):
        unpacked(packed[:end], most_bytes=MOST_BYTES)


@given(st.data())
def test_nothing_is_believed_that_was_damaged(data: st.DataObject) -> None:
    text = b"<cib/>" * 100
    packed = bytearray(lzma.compress(text))
    packed[data.draw(st.integers(6, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadAnswer, match="packed answer"):
        unpacked(bytes(packed), most_bytes=MOST_BYTES)


def test_a_small_answer_does_not_fill_the_memory() -> None:
    with pytest.raises(BadAnswer, match="of more than 1 MiB"):
        unpacked(lzma.compress(bytes(MOST_BYTES + 1)), most_bytes=MOST_BYTES)


async def test_a_command_whose_answer_is_damaged_says_where() -> None:
    host = LocalHost("here", CommandLog())
    with pytest.raises(BadAnswer) as error:
        await host.run(("printf", r"\3757zXZ\0nonsense"), packs=True)
    assert error.value.where == "here"
