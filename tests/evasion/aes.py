"""AES-128 and its GCM mode (FIPS 197, SP 800-38D), to seal packets with: slow, and nothing to install."""


def double(a):
    return (a << 1 ^ (0x11B if a & 0x80 else 0)) & 0xFF if a & 0x80 else a << 1


def make_sbox():
    power, x = [], 1
    for _ in range(255):
        power.append(x)
        x ^= double(x)
    log = {v: i for i, v in enumerate(power)}
    box = []
    for a in range(256):
        b = power[-log[a] % 255] if a else 0
        b |= b << 8
        box.append((b ^ b >> 4 ^ b >> 5 ^ b >> 6 ^ b >> 7 ^ 0x63) & 0xFF)
    return box


SBOX = make_sbox()
TWICE = [double(a) for a in range(256)]


def expand(key):
    words = [key[i:i + 4] for i in range(0, 16, 4)]
    rcon = 1
    for i in range(4, 44):
        w = words[-1]
        if i % 4 == 0:
            w = bytes([SBOX[w[1]] ^ rcon, SBOX[w[2]], SBOX[w[3]], SBOX[w[0]]])
            rcon = TWICE[rcon]
        words.append(bytes(a ^ b for a, b in zip(words[i - 4], w)))
    return [b"".join(words[i:i + 4]) for i in range(0, 44, 4)]


def block(rounds, data):
    s = [a ^ b for a, b in zip(data, rounds[0])]
    for r in range(1, 11):
        s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if r < 10:
            mixed = []
            for i in range(0, 16, 4):
                a, every = s[i:i + 4], s[i] ^ s[i + 1] ^ s[i + 2] ^ s[i + 3]
                mixed += [a[k] ^ every ^ TWICE[a[k] ^ a[(k + 1) % 4]] for k in range(4)]
            s = mixed
        s = [a ^ b for a, b in zip(s, rounds[r])]
    return bytes(s)


def multiply(x, y):
    z = 0
    for i in range(127, -1, -1):
        if x >> i & 1:
            z ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return z


def seal(key, nonce, plain, associated):
    """Ciphertext and tag."""
    rounds = expand(key)
    out = bytearray()
    for i in range(0, len(plain), 16):
        pad = block(rounds, nonce + (2 + i // 16).to_bytes(4, "big"))
        out += bytes(a ^ b for a, b in zip(plain[i:i + 16], pad))
    h = int.from_bytes(block(rounds, bytes(16)), "big")
    data = associated + bytes(-len(associated) % 16) + out + bytes(-len(out) % 16) + \
        (8 * len(associated)).to_bytes(8, "big") + (8 * len(out)).to_bytes(8, "big")
    y = 0
    for i in range(0, len(data), 16):
        y = multiply(y ^ int.from_bytes(data[i:i + 16], "big"), h)
    tag = y ^ int.from_bytes(block(rounds, nonce + b"\0\0\0\1"), "big")
    return bytes(out) + tag.to_bytes(16, "big")
