"""G.711 mu-law, as the line carries sound: one octet a sample, 8,000 a second. The rig has its own, so that ours is not tested against itself."""

import numpy as np

BIAS = 0x84  # G.711: added so that every segment is twice the one before
CLIP = 32635


def _decode(code: int) -> int:
    inverted = ~code & 0xFF
    size = ((inverted & 0x0F) << 3) + BIAS << (inverted >> 4 & 7)
    return BIAS - size if inverted & 0x80 else size - BIAS


def _encode(sample: int) -> int:
    size = min(abs(sample), CLIP) + BIAS
    segment = size.bit_length() - 8
    return ~((0x80 if sample < 0 else 0) | segment << 4 | size >> segment + 3 & 0x0F) & 0xFF


_SAMPLES = np.array([_decode(code) for code in range(256)], dtype="<i2")
_CODES = np.array([_encode(sample) for sample in range(-32768, 32768)], dtype=np.uint8)
SILENCE = bytes([_encode(0)])


def encode(pcm: bytes) -> bytes:
    """16-bit little-endian samples as mu-law octets."""
    return _CODES[np.frombuffer(pcm, "<i2").astype(np.int32) + 32768].tobytes()


def decode(octets: bytes) -> bytes:
    """Mu-law octets as 16-bit little-endian samples."""
    return _SAMPLES[np.frombuffer(octets, np.uint8)].tobytes()


def carried(pcm: bytes) -> bytes:
    """What is left of this sound once the line has carried it."""
    return decode(encode(pcm))
