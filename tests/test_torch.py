"""The cells as a layer of torch: values, gradients, and torch's own checks of an operation."""

from __future__ import annotations

import doctest
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

import pyrnnsim
from pyrnnsim import Network
from pyrnnsim.populations.torch_export import SteppedNetwork
from pyrnnsim.torch import FusedRNN, rnn_states

CELLS = [
    ("vanilla", {}),
    ("ugrnn", {"keep_bias": 0.3}),
    ("gru", {}),
    ("gru", {"reset_after": True}),
    ("lstm", {}),
    ("lstm", {"candidate": "sigmoid"}),
]
IDS = ["vanilla", "ugrnn", "gru", "gru-after", "lstm", "lstm-sigmoid"]
M, N, B, T = 2, 5, 3, 7


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        yield


def layer(cell, options, dtype=torch.float64, **more):
    made = FusedRNN(cell, M, N, dtype=dtype, **options, **more)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return made


def stepped(rnn):
    parameters = {name: one.detach().numpy() for name, one in rnn.named_parameters()}
    size = parameters["h0"].shape[0]
    return SteppedNetwork(Network("", rnn.cell, {**parameters, "w_out": np.zeros((0, size)), "b_out": np.zeros(0)}))


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=IDS)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_values_and_gradients_are_those_of_torch(cell, options, activation):
    rnn = layer(cell, options, activation=activation)
    other = stepped(rnn)
    inputs = torch.randn(B, T, M, dtype=torch.float64, requires_grad=True)
    twin = inputs.detach().clone().requires_grad_()
    weights = torch.randn(B, T, rnn.h0.shape[0], dtype=torch.float64)
    found, expected = rnn(inputs), other.states(twin)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    (found * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(inputs.grad, twin.grad, rtol=0, atol=1e-11)
    wanted = dict(other.named_parameters())
    for name, parameter in rnn.named_parameters():
        torch.testing.assert_close(parameter.grad, wanted[name].grad, rtol=1e-11, atol=1e-11, msg=name)


def _arguments(cell, options, dtype=torch.float64, networks=2):
    rnns = [layer(cell, options, dtype) for _ in range(networks)]
    size = rnns[0].h0.shape[0]
    tensors = [torch.randn(networks, B, T, M, dtype=dtype), torch.randn(networks, B, size, dtype=dtype)]
    for name in ("w_rec", "w_in", "b", "b_rec"):
        own = [getattr(rnn, name) for rnn in rnns]
        tensors.append(None if own[0] is None else torch.stack([one.detach() for one in own]))
    tensors = [None if one is None else one.requires_grad_() for one in tensors]
    kind = rnns[0].cell
    return (*tensors, kind.cell, kind.activation, kind.keep_bias, kind.candidate)


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=IDS)
def test_gradcheck(cell, options):
    arguments = _arguments(cell, options)
    assert torch.autograd.gradcheck(rnn_states, arguments, fast_mode=True)


@pytest.mark.parametrize(("cell", "options"), [CELLS[0], CELLS[3], CELLS[4]], ids=["vanilla", "gru-after", "lstm"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torchs_own_checks(cell, options, dtype):
    torch.library.opcheck(rnn_states, _arguments(cell, options, dtype))


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=IDS)
def test_vmap_makes_a_population(cell, options):
    rnns = [layer(cell, options) for _ in range(3)]
    weights, _ = torch.func.stack_module_state(rnns)
    inputs = torch.randn(B, T, M, dtype=torch.float64)

    def run(own, x):
        return torch.func.functional_call(rnns[0], own, (x,))

    together = torch.func.vmap(run, in_dims=(0, None))(weights, inputs)
    alone = torch.stack([rnn(inputs) for rnn in rnns])
    torch.testing.assert_close(together, alone, rtol=0, atol=0)
    own_inputs = torch.randn(B, 3, T, M, dtype=torch.float64)
    together = torch.func.vmap(run, in_dims=(0, 1))(weights, own_inputs)
    alone = torch.stack([rnn(own_inputs[:, k]) for k, rnn in enumerate(rnns)])
    torch.testing.assert_close(together, alone, rtol=0, atol=0)


def test_vmap_of_gradients_trains_each_network_by_itself():
    rnns = [layer("gru", {}) for _ in range(3)]
    weights, _ = torch.func.stack_module_state(rnns)
    inputs = torch.randn(B, T, M, dtype=torch.float64)

    def loss(own):
        return torch.func.functional_call(rnns[0], own, (inputs,)).square().mean()

    together = torch.func.vmap(torch.func.grad(loss))(weights)
    for k, rnn in enumerate(rnns):
        rnn(inputs).square().mean().backward()
        for name, parameter in rnn.named_parameters():
            torch.testing.assert_close(together[name][k], parameter.grad, rtol=1e-12, atol=1e-14)


def test_backward_through_vmap():
    rnns = [layer("lstm", {}) for _ in range(2)]
    weights, _ = torch.func.stack_module_state(rnns)
    inputs = torch.randn(B, T, M, dtype=torch.float64)
    states = torch.func.vmap(lambda own: torch.func.functional_call(rnns[0], own, (inputs,)))(weights)
    states.square().sum().backward()
    for k, rnn in enumerate(rnns):
        rnn(inputs).square().sum().backward()
        for name, parameter in rnn.named_parameters():
            torch.testing.assert_close(weights[name].grad[k], parameter.grad, rtol=1e-12, atol=1e-14)


def test_a_second_derivative_is_an_error_and_no_zero():
    rnn = layer("gru", {})
    inputs = torch.randn(B, T, M, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(rnn(inputs).square().sum(), inputs, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.square().sum().backward()


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # inductor's own
@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_compile_takes_it_without_a_graph_break(backend, monkeypatch, tmp_path):
    if backend == "inductor":
        _needs_a_compiler()
        monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))  # or an earlier run's code is found again
        monkeypatch.setattr("torch._inductor.config.compile_threads", 1)  # or a pool of processes outlives the test
        monkeypatch.setattr("torch._inductor.config.cpp.simdlen", 1)  # or compiles a probe for every instruction set
        monkeypatch.setattr("torch._inductor.config.cpp_cache_precompile_headers", False)
    rnn = layer("lstm", {}, torch.float32)
    inputs = torch.randn(B, T, M)
    compiled = torch.compile(lambda x: rnn(x).square().mean(), fullgraph=True, backend=backend)
    loss = compiled(inputs)
    loss.backward()
    found = {name: one.grad.clone() for name, one in rnn.named_parameters()}
    rnn.zero_grad()
    plain = rnn(inputs).square().mean()
    plain.backward()
    torch.testing.assert_close(loss, plain)
    for name, parameter in rnn.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad)
    assert backend != "inductor" or list(tmp_path.rglob("*.cpp")), "nothing was compiled"


def _needs_a_compiler():
    compiler = os.environ.get("CXX", "g++")  # as inductor looks for it
    if shutil.which(compiler) is None:
        pytest.skip(f"inductor compiles C++ and there is no {compiler}")


def test_states_to_start_from():
    rnn = layer("gru", {})
    inputs = torch.randn(B, T, M, dtype=torch.float64)
    whole = rnn(inputs)
    torch.testing.assert_close(rnn(inputs[:, 4:], whole[:, 3]), whole[:, 4:], rtol=0, atol=0)
    torch.testing.assert_close(rnn(inputs.mT.contiguous().mT), whole, rtol=0, atol=0)


def test_weights_come_from_the_seed_and_not_from_torch():
    before = torch.get_rng_state()
    first, again, other = FusedRNN("gru", M, N), FusedRNN("gru", M, N), FusedRNN("gru", M, N, seed=1)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.w_rec, again.w_rec) and not torch.equal(first.w_rec, other.w_rec)
    assert "gru, tanh, inputs=2, units=5" in repr(first)
    assert first.w_rec.dtype == torch.float32


def test_it_is_found_where_it_is_looked_for_and_torch_loads_with_it():
    assert pyrnnsim.torch.FusedRNN is FusedRNN
    script = "import sys, pyrnnsim; assert 'torch' not in sys.modules; pyrnnsim.torch.FusedRNN; import torch"
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)
    with pytest.raises(AttributeError, match="no attribute 'troch'"):
        pyrnnsim.troch  # noqa: B018


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "message"),
    [
        (("gruu", 2, 3), {}, ValueError, "FusedRNN: unknown cell 'gruu'; did you mean 'gru'?"),
        (("gru", 0, 3), {}, ValueError, "inputs must be an int from 1"),
        (("gru", 2, 2.5), {}, TypeError, "units must be an int"),
        (("gru", 2, 3), {"dtype": torch.float16}, TypeError, "dtype must be torch.float32 or torch.float64"),
        (("gru", 2, 3), {"initialisation": "zeros"}, ValueError, "initialisation must be one of"),
        (("lstm", 2, 3), {"reset_after": True}, ValueError, "reset_after is an option of the gru"),
    ],
)
def test_bad_layers_are_refused(arguments, options, kind, message):
    with pytest.raises(kind, match=message):
        FusedRNN(*arguments, **options)


def test_the_example_runs():
    assert doctest.testmod(pyrnnsim.torch).attempted == 5


def test_bad_inputs_are_refused():
    rnn = FusedRNN("gru", M, N)
    with pytest.raises(ValueError, match=r"inputs must be \(B, T, M\)"):
        rnn(torch.zeros(T, M))
    with pytest.raises(ValueError, match="all float32 or all float64"):
        rnn(torch.zeros(B, T, M, dtype=torch.float64))
    with pytest.raises(ValueError, match="shape"):
        rnn(torch.zeros(B, T, M + 1))
    with pytest.raises(ValueError, match="shape"):
        rnn(torch.zeros(B, T, M), torch.zeros(B, N + 1))
