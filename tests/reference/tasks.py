"""The built-in tasks in plain NumPy: one trial at a time, the same bits as the native generators in float64."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

WORD = np.uint64(0xFFFFFFFF)


def philox4x32(counter, key):
    """Ten rounds of Philox (Salmon et al. 2011, section 3.3): (4, n) uint64 counters below 2**32 -> (4, n) words."""
    x = [np.asarray(word, dtype=np.uint64) for word in counter]
    k = [int(word) for word in key]
    for _ in range(10):
        p, q = np.uint64(0xD2511F53) * x[0], np.uint64(0xCD9E8D57) * x[2]
        high_p, high_q = p >> np.uint64(32), q >> np.uint64(32)
        x = [high_q ^ x[1] ^ np.uint64(k[0]), q & WORD, high_p ^ x[3] ^ np.uint64(k[1]), p & WORD]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return np.array(x)


def words(seed, iteration, trial, count):
    """The first ``count`` words of a trial's stream."""
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    counter = [blocks] + [np.full_like(blocks, c) for c in (trial, iteration % 2**32, iteration // 2**32)]
    return philox4x32(counter, (seed % 2**32, seed // 2**32)).T.ravel()[:count]


def uniform(word):
    return (word.astype(np.float64) + 0.5) * 2.0**-32


def below(word, count):
    return int(word) * int(count) // 2**32


def horner(coefficients, x):
    total = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total


def logarithm(x):
    mantissa, exponent = np.frexp(x)  # mantissa in [1/2, 1)
    low = mantissa < np.sqrt(0.5)
    mantissa, exponent = np.where(low, 2 * mantissa, mantissa), np.where(low, exponent - 1, exponent)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    series = horner([1 / odd for odd in range(19, 0, -2)], s * s) * (s + s)
    return exponent * 0.6931471805599453 + series


def factorial_series(powers, sign):
    coefficients, product = [], Fraction(1)
    for n in range(1, max(powers) + 1):
        product /= n
        if n in powers:
            coefficients.append(float(sign(n) * product))
    return [*coefficients[::-1], 1.0]


SINE = factorial_series(range(3, 16, 2), lambda n: (-1) ** (n // 2))
COSINE = factorial_series(range(2, 17, 2), lambda n: (-1) ** (n // 2))


def sine_cosine_turns(x):
    quarter = np.rint(4.0 * x)
    angle = (x - 0.25 * quarter) * 6.283185307179586
    square = angle * angle
    s, c = horner(SINE, square) * angle, horner(COSINE, square)
    turn = quarter.astype(np.int64) % 4
    return np.choose(turn, [s, c, -s, -c]), np.choose(turn, [c, -s, -c, s])


def normals(word):
    """Pairs of words to pairs of normal numbers (Box & Muller 1958)."""
    radius = np.sqrt(-2.0 * logarithm(uniform(word[0::2])))
    sine, cosine = sine_cosine_turns(uniform(word[1::2]))
    return np.stack([radius * cosine, radius * sine], axis=1).ravel()


def flip_flop(steps, numbers, stream):
    bits, probability = int(numbers[0]), numbers[1]
    word = stream(steps * bits).reshape(steps, bits)
    flipped = word < max(int(probability * 2.0**32 + 0.5), 1)
    inputs = np.where(flipped, 1.0 - 2.0 * (word % np.uint64(2)), 0.0)
    targets, held = np.empty_like(inputs), np.zeros(bits)
    for t in range(steps):
        held = np.where(inputs[t] != 0, inputs[t], held)
        targets[t] = held
    return inputs, targets


def sine_wave(steps, numbers, stream):
    command = uniform(stream(1))[0]
    frequency = numbers[0] + numbers[1] * command
    targets = sine_cosine_turns(np.arange(steps) * frequency)[0]
    return np.full((steps, 1), command), targets[:, None]


def context_integration(steps, numbers, stream):
    contexts, (mean_range, noise, scale) = int(numbers[0]), numbers[1:]
    first, entries = (contexts + 4) // 4 * 4, steps * contexts
    word = stream(first + entries + entries % 2)
    cued, u = below(word[0], contexts), uniform(word[1 : 1 + contexts])
    z = normals(word[first:])[:entries].reshape(steps, contexts)
    streams = mean_range * (u + u - 1.0) + noise * z
    context = np.zeros((steps, contexts))
    context[:, cued] = 1.0
    return np.concatenate([context, streams], axis=1), scale * np.cumsum(streams[:, cued])[:, None]


def ready_set_go(steps, numbers, stream):
    pulse, ready_min, ready_max, interval_min, interval_max = (int(n) for n in numbers)
    word = stream(2)
    ready = ready_min + below(word[0], ready_max - ready_min + 1)
    interval = interval_min + below(word[1], interval_max - interval_min + 1)
    inputs, targets = np.zeros((steps, 2)), np.zeros((steps, 1))
    inputs[ready : ready + pulse, 0] = 1.0
    inputs[ready + interval : ready + interval + pulse, 1] = 1.0
    targets[ready + 2 * interval : ready + 2 * interval + pulse] = 1.0
    return inputs, targets


KINDS = {f.__name__: f for f in (flip_flop, sine_wave, context_integration, ready_set_go)}


def trials(kind, steps, numbers, seed, iteration, first, count):
    """Inputs (n, T, M) and targets (n, T, O) of trials first, ..., first + count - 1, float64."""
    pairs = [
        KINDS[kind](steps, numbers, lambda length, trial=trial: words(seed, iteration, trial, length))
        for trial in range(first, first + count)
    ]
    return tuple(np.stack(arrays) for arrays in zip(*pairs, strict=True))
