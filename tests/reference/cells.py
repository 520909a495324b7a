"""The four cells and their training, plain float64 loops transcribed from Appendix A of the universality paper.

Gate order: vanilla [h], ugrnn [c, g], gru [c, g, r], lstm [c, i, f, o]; an lstm's state is [c; h]. Where the
paper is unclear: the lstm's candidate uses the activation unless ``candidate="sigmoid"``, its gates see h only, and
``keep_bias`` is a constant on the gate that keeps the old state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

GATES = {"vanilla": 1, "ugrnn": 2, "gru": 3, "lstm": 4}


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0.0, -x))


def relu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.0)


def activation_of(spec: dict) -> Callable[[np.ndarray], np.ndarray]:
    return {"tanh": np.tanh, "relu": relu}[spec["activation"]]


def step(spec: dict, net: dict, state: np.ndarray, x: np.ndarray) -> np.ndarray:
    """New state (S,) of one network from its state (S,) and one input (M,)."""
    f, keep = activation_of(spec), spec.get("keep_bias", 0.0)
    units = net["w_rec"].shape[-1]
    h = state[-units:]
    u = [net["w_in"][g] @ x + net["b"][g] for g in range(GATES[spec["cell"]])]
    w = net["w_rec"]
    if spec["cell"] == "vanilla":
        return f(w[0] @ h + u[0])
    if spec["cell"] == "ugrnn":
        g = sigmoid(w[1] @ h + u[1] + keep)
        return g * h + (1 - g) * f(w[0] @ h + u[0])
    if spec["cell"] == "gru":
        after = spec.get("reset_after", False)
        second = net["b_rec"] if after else np.zeros((3, units))
        g = sigmoid(w[1] @ h + u[1] + second[1] + keep)
        r = sigmoid(w[2] @ h + u[2] + second[2])
        c = f(u[0] + r * (w[0] @ h + second[0])) if after else f(w[0] @ (r * h) + u[0])
        return g * h + (1 - g) * c
    c, (z, i, keep_gate, o) = state[:units], (w[g] @ h + u[g] for g in range(4))
    z = sigmoid(z) if spec.get("candidate") == "sigmoid" else f(z)
    c = sigmoid(keep_gate + keep) * c + sigmoid(i) * z
    return np.concatenate([c, sigmoid(o) * f(c)])


def rollout(spec: dict, net: dict, inputs: np.ndarray, initial: np.ndarray | None = None) -> np.ndarray:
    """States (B, T, S) after each step of inputs (B, T, M), from ``h0`` or from initial (B, S)."""
    trials, steps = inputs.shape[:2]
    states = np.empty((trials, steps, net["h0"].shape[0]))
    for b in range(trials):
        state = net["h0"] if initial is None else initial[b]
        for t in range(steps):
            state = states[b, t] = step(spec, net, state, inputs[b, t])
    return states


def jacobians(spec: dict, net: dict, state: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """dF/dh (S, S) and dF/dx (S, M) by central differences in extended precision, error about 1e-12."""
    wide = {name: value.astype(np.longdouble) for name, value in net.items()}
    state, x = state.astype(np.longdouble), x.astype(np.longdouble)

    def columns(move: Callable[[np.ndarray], np.ndarray], size: int) -> np.ndarray:
        width = np.longdouble(1e-6)
        return np.stack([(move(width * e) - move(-width * e)) / (2 * width) for e in np.eye(size)], axis=1)

    to_state = columns(lambda d: step(spec, wide, state + d, x), state.size)
    to_input = columns(lambda d: step(spec, wide, state, x + d), x.size) if x.size else np.zeros((state.size, 0))
    return to_state.astype(float), to_input.astype(float)


def loss(spec: dict, net: dict, inputs: np.ndarray, targets: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Mean of mask * squared error of the readout w_out s + b_out, over the mean of the mask."""
    outputs = rollout(spec, net, inputs) @ net["w_out"].T + net["b_out"]
    weights = np.ones_like(targets) if mask is None else mask.astype(float)
    return float((weights * (outputs - targets) ** 2).sum() / weights.sum())


def learning_rate(kind: str, first: float, decay: float, decay_steps: float, iteration: int) -> float:
    """The rate at an iteration: first * decay**(i / steps), or a straight line to first * decay at i = steps."""
    progress = iteration / decay_steps
    if kind == "exponential":
        return first * decay**progress
    return first * (1 - (1 - decay) * min(progress, 1.0)) if kind == "linear" else first


def updates(
    grads: list[dict], params: dict, optimizer: str, *, rate: float, momentum: float, clip: float
) -> Iterator[dict]:
    """Parameters after each of the given gradients: SGD with momentum, or Adam (beta2 0.999, epsilon 1e-8)."""
    params = {name: value.copy() for name, value in params.items()}
    first = {name: np.zeros_like(value) for name, value in params.items()}
    second = {name: np.zeros_like(value) for name, value in params.items()}
    for count, grad in enumerate(grads, start=1):
        norm = math.sqrt(sum(float((g**2).sum()) for g in grad.values()))
        scale = min(1.0, clip / norm) if norm > 0 else 1.0
        for name in params:
            g = scale * grad[name]
            if optimizer == "sgd":
                first[name] = momentum * first[name] + g
                params[name] -= rate * first[name]
            else:
                first[name] = momentum * first[name] + (1 - momentum) * g
                second[name] = 0.999 * second[name] + 0.001 * g**2
                moment, spread = first[name] / (1 - momentum**count), second[name] / (1 - 0.999**count)
                params[name] -= rate * moment / (np.sqrt(spread) + 1e-8)
        yield {name: value.copy() for name, value in params.items()}
