"""Large answers, packed by `xz` where they are made and unpacked before anybody sees them.

sshd deflates with a window of 32 kB. Of a large CIB most is told again and again, but farther apart
than that: `xz -1` makes it two to four times smaller than sshd does, in the time that sshd takes.
"""

from __future__ import annotations

import lzma

from backends.data.errors import BadAnswer

_MAGIC = b"\xfd7zXZ\0"


def unpacked(text: bytes, *, most_bytes: int) -> bytes:
    """What was packed, as it was; what was not is left as it is.

    Raises `BadAnswer` where it is cut off, damaged, or would be larger than `most_bytes`.
    """
    if not text.startswith(_MAGIC):
        return text
    unpacking = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    try:
        whole = unpacking.decompress(text, most_bytes)
    except lzma.LZMAError as error:
        raise BadAnswer(f"a packed answer that is damaged: {error}") from None
    if not unpacking.eof:
        cut = unpacking.needs_input
        wrong = "that breaks off" if cut else f"of more than {most_bytes >> 20} MiB"
        raise BadAnswer(f"a packed answer {wrong}")
    return whole
