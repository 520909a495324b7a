"""Networks as torch modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pyrnnsim.populations.cell import Cell
from pyrnnsim.populations.network import Network

# Torch's gate from ours; see torch_import.
_ORDER = {"vanilla": [0], "gru": [2, 1, 0], "lstm": [1, 2, 0, 3]}
_LAYERS: dict[str, Callable[..., nn.RNNBase]] = {"vanilla": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class LayeredNetwork(nn.Module):
    """A recurrent layer of torch, a Linear readout of h, and an initial state.

    Attributes:
        rnn: ``torch.nn.RNN``, ``GRU`` or ``LSTM``, batch first; of two biases that act as one the second is frozen.
        readout: From N to O; None for a network without outputs.
        h0: (S,), [c; h] for an LSTM.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        options: dict[str, Any] = {"batch_first": True, "dtype": _dtype(network), "device": "meta"}
        if network.cell.cell == "vanilla":
            options["nonlinearity"] = network.cell.activation
        # On the device without memory nothing is drawn from torch's global generator.
        self.rnn = _LAYERS[network.cell.cell](network.inputs, network.units, **options).to_empty(device="cpu")
        self.readout: nn.Linear | None = None
        if network.outputs:
            readout = nn.Linear(network.units, network.outputs, dtype=_dtype(network), device="meta")
            self.readout = readout.to_empty(device="cpu")
        self.h0 = nn.Parameter(torch.zeros(network.state_size, dtype=_dtype(network)))
        if not network.cell.reset_after:  # one bias, as here: two would learn twice as fast
            self.rnn.bias_hh_l0.requires_grad = False
        self.load_state_dict({name: torch.from_numpy(one.copy()) for name, one in _torch_weights(network).items()})

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, T, M) to outputs (B, T, O)."""
        visible: Tensor = self.rnn(inputs, self._initial(len(inputs)))[0]
        if self.readout is None:
            return visible.new_zeros(*visible.shape[:2], 0)
        outputs: Tensor = self.readout(visible)
        return outputs

    def states(self, inputs: Tensor) -> Tensor:
        """(B, T, M) to states (B, T, S) after each step."""
        state = self._initial(len(inputs))
        if not isinstance(self.rnn, nn.LSTM):
            visible: Tensor = self.rnn(inputs, state)[0]
            return visible
        steps = []
        for x in inputs.unbind(1):  # torch tells c of the last step only
            _, state = self.rnn(x[:, None], state)
            steps.append(torch.cat([state[1][0], state[0][0]], -1))
        return torch.stack(steps, 1)

    def _initial(self, trials: int) -> Any:
        state = self.h0.expand(1, trials, -1)
        if not isinstance(self.rnn, nn.LSTM):
            return state.contiguous()
        cell, visible = state.chunk(2, -1)
        return visible.contiguous(), cell.contiguous()


class SteppedNetwork(nn.Module):
    """Any cell, step by step, in operations that torch differentiates.

    Attributes:
        cell: The update rule.
        w_rec, w_in, b, b_rec, w_out, b_out, h0: Parameters as in :class:`pyrnnsim.populations.network.Network`.
    """

    w_rec: Tensor
    w_in: Tensor
    b: Tensor
    b_rec: Tensor
    w_out: Tensor
    b_out: Tensor
    h0: Tensor

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.cell = network.cell
        for name, array in network.parameters.items():
            self.register_parameter(name, nn.Parameter(torch.from_numpy(array.copy())))

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, T, M) to outputs (B, T, O)."""
        return self.states(inputs) @ self.w_out.mT + self.b_out

    def states(self, inputs: Tensor) -> Tensor:
        """(B, T, M) to states (B, T, S) after each step."""
        state = self.h0.expand(len(inputs), -1)
        steps = []
        for x in inputs.unbind(1):
            state = self.step(state, x)
            steps.append(state)
        return torch.stack(steps, 1) if steps else inputs.new_zeros(len(inputs), 0, state.shape[-1])

    def step(self, state: Tensor, x: Tensor) -> Tensor:
        """States (B, S) and inputs (B, M) to the next states (B, S)."""
        cell = self.cell
        f = torch.tanh if cell.activation == "tanh" else torch.relu
        drive = torch.einsum("gnm,bm->gbn", self.w_in, x) + self.b[:, None]
        if cell.cell == "lstm":
            return _lstm_step(cell, f, state, drive, self.w_rec)
        recurrent = torch.einsum("gnm,bm->gbn", self.w_rec, state)
        if cell.reset_after:
            recurrent = recurrent + self.b_rec[:, None]
        if cell.cell == "vanilla":
            return f(drive[0] + recurrent[0])
        keep = torch.sigmoid(drive[1] + recurrent[1] + cell.keep_bias)
        inner = recurrent[0]
        if cell.cell == "gru":
            reset = torch.sigmoid(drive[2] + recurrent[2])
            inner = reset * inner if cell.reset_after else (reset * state) @ self.w_rec[0].mT
        return keep * state + (1 - keep) * f(drive[0] + inner)


def _lstm_step(cell: Cell, f: Callable[[Tensor], Tensor], state: Tensor, drive: Tensor, w_rec: Tensor) -> Tensor:
    memory, visible = state.chunk(2, -1)
    candidate, put, keep, show = drive + torch.einsum("gnm,bm->gbn", w_rec, visible)
    squash = torch.sigmoid if cell.candidate == "sigmoid" else f
    memory = torch.sigmoid(keep + cell.keep_bias) * memory + torch.sigmoid(put) * squash(candidate)
    return torch.cat([memory, torch.sigmoid(show) * f(memory)], -1)


def module_of(network: Network) -> LayeredNetwork | SteppedNetwork:
    """See :meth:`Population.to_torch`."""
    return LayeredNetwork(network) if _is_of_torch(network) else SteppedNetwork(network)


def parameters_of(module: SteppedNetwork) -> dict[str, NDArray[Any]]:
    """Its parameters as arrays."""
    return {name: one.detach().cpu().numpy() for name, one in module.named_parameters()}


def _is_of_torch(network: Network) -> bool:
    cell = network.cell
    if cell.cell == "vanilla":
        return True
    if cell.activation != "tanh" or cell.candidate != "activation":
        return False
    if cell.cell == "lstm":
        return not network.parameters["w_out"][:, : network.units].any()
    return cell.cell == "gru" and cell.reset_after


def _torch_weights(network: Network) -> dict[str, NDArray[Any]]:
    """The state_dict of :class:`LayeredNetwork`; the constant on the keep gate becomes part of a bias."""
    own, order = network.parameters, _ORDER[network.cell.cell]
    bias = own["b"].copy()
    if network.cell.is_gated:
        bias[network.cell.gates.index("f" if network.cell.cell == "lstm" else "g")] += network.cell.keep_bias
    second = own["b_rec"] if network.cell.reset_after else np.zeros_like(bias)
    weights = {
        "h0": own["h0"],
        "rnn.weight_ih_l0": own["w_in"][order].reshape(-1, network.inputs),
        "rnn.weight_hh_l0": own["w_rec"][order].reshape(-1, network.units),
        "rnn.bias_ih_l0": bias[order].reshape(-1),
        "rnn.bias_hh_l0": second[order].reshape(-1),
    }
    if network.outputs:
        weights |= {"readout.weight": own["w_out"][:, -network.units :], "readout.bias": own["b_out"]}
    return weights


def _dtype(network: Network) -> torch.dtype:
    return torch.float64 if network.dtype == np.float64 else torch.float32
