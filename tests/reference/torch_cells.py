"""The cells in plain PyTorch, for automatic differentiation and for its optimisers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from reference.cells import GATES


def tensors(params: dict[str, np.ndarray], k: int = 0) -> dict[str, torch.Tensor]:
    """Parameters of network k as leaves."""
    return {name: torch.tensor(value[k], requires_grad=True) for name, value in params.items()}


def step(spec: dict, net: dict[str, torch.Tensor], state: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """New states (B, S) from states (B, S) and inputs (B, M)."""
    f = {"tanh": torch.tanh, "relu": torch.relu}[spec["activation"]]
    keep, w, units = spec.get("keep_bias", 0.0), net["w_rec"], net["w_rec"].shape[-1]
    h = state[:, -units:]
    u = [x @ net["w_in"][g].T + net["b"][g] for g in range(GATES[spec["cell"]])]
    if spec["cell"] == "vanilla":
        return f(h @ w[0].T + u[0])
    if spec["cell"] == "ugrnn":
        g = torch.sigmoid(h @ w[1].T + u[1] + keep)
        return g * h + (1 - g) * f(h @ w[0].T + u[0])
    if spec["cell"] == "gru":
        second = net.get("b_rec", torch.zeros_like(net["b"]))
        g = torch.sigmoid(h @ w[1].T + u[1] + second[1] + keep)
        r = torch.sigmoid(h @ w[2].T + u[2] + second[2])
        after = spec.get("reset_after", False)
        c = f(u[0] + r * (h @ w[0].T + second[0])) if after else f((r * h) @ w[0].T + u[0])
        return g * h + (1 - g) * c
    z = h @ w[0].T + u[0]
    z = torch.sigmoid(z) if spec.get("candidate") == "sigmoid" else f(z)
    c = torch.sigmoid(h @ w[2].T + u[2] + keep) * state[:, :units] + torch.sigmoid(h @ w[1].T + u[1]) * z
    return torch.cat([c, torch.sigmoid(h @ w[3].T + u[3]) * f(c)], dim=1)


def states(spec: dict, net: dict[str, torch.Tensor], inputs: torch.Tensor, initial: torch.Tensor) -> torch.Tensor:
    """States (B, T, S) after each step of inputs (B, T, M)."""
    state, visited = initial.expand(inputs.shape[0], -1), []
    for x in inputs.unbind(1):
        state = step(spec, net, state, x)
        visited.append(state)
    return torch.stack(visited, dim=1)


def loss(
    spec: dict, net: dict[str, torch.Tensor], inputs: np.ndarray, targets: np.ndarray, mask: np.ndarray | None = None
) -> torch.Tensor:
    """Mean of mask * squared error over the mean of the mask."""
    dtype = net["w_rec"].dtype
    visited = states(spec, net, torch.tensor(inputs, dtype=dtype), net["h0"])
    outputs = visited @ net["w_out"].T + net["b_out"]
    weights = torch.ones_like(outputs) if mask is None else torch.tensor(mask).to(dtype)
    return (weights * (outputs - torch.tensor(targets, dtype=dtype)) ** 2).sum() / weights.sum()


def training(
    spec: dict, net: dict[str, torch.Tensor], batches: list[tuple], optimizer: torch.optim.Optimizer, clip: float
) -> Iterator[float]:
    """Loss of every iteration of plain PyTorch on ``net``, whose leaves ``optimizer`` updates."""
    for inputs, targets in batches:
        optimizer.zero_grad()
        value = loss(spec, net, inputs, targets)
        value.backward()
        norm = torch.sqrt(sum((leaf.grad**2).sum() for leaf in net.values()))
        for leaf in net.values():  # clip_grad_norm_ without the 1e-6 that it adds to the norm
            leaf.grad *= torch.clamp(clip / norm, max=1.0)
        optimizer.step()
        yield value.item()
