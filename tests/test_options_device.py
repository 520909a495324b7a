"""Devices: what may be asked for, and what is said where a GPU cannot be used."""

import logging
import sys
import types

import pytest

from pyrnnsim import _options
from pyrnnsim._options import cuda_unavailable_reason, parse_options


def parse(**options):
    return parse_options("pairwise_cca", options)


@pytest.fixture
def no_cuda(monkeypatch):
    monkeypatch.setattr(_options, "cuda_unavailable_reason", lambda: "there is none")


@pytest.fixture
def cuda(monkeypatch):
    monkeypatch.setattr(_options, "cuda_unavailable_reason", lambda: None)


def test_cuda_where_it_cannot_be_used_is_an_error(no_cuda):
    with pytest.raises(ValueError, match="^pairwise_cca: device='cuda' cannot be used: there is none, or use device='"):
        parse(device="cuda")


def test_cuda_where_it_can_be_used(cuda):
    assert parse(device="cuda").device == "cuda"
    assert parse(device="cpu").device == "cpu"


def test_auto_says_in_the_log_what_it_chose(no_cuda, caplog):
    with caplog.at_level(logging.INFO, logger="pyrnnsim"):
        assert parse(device="auto").device == "cpu"
    assert caplog.messages == ["pairwise_cca: device='auto' uses cpu: there is none"]


def test_auto_takes_cuda_where_it_can(cuda, caplog):
    with caplog.at_level(logging.INFO, logger="pyrnnsim"):
        assert parse(device="auto").device == "cuda"
    assert caplog.messages == ["pairwise_cca: device='auto' uses cuda"]


def test_cpu_does_not_look_for_cuda(monkeypatch):
    def fail():
        raise AssertionError("looked")

    monkeypatch.setattr(_options, "cuda_unavailable_reason", fail)
    assert parse().device == "cpu"


@pytest.mark.parametrize(
    ("value", "kind"), [("gpu", ValueError), ("CPU", ValueError), (None, TypeError), (0, TypeError)]
)
def test_an_unknown_device(value, kind):
    with pytest.raises(kind, match="^pairwise_cca: device must be one of 'cpu', 'cuda', 'auto', got"):
        parse(device=value)


def fake_torch(available, version):
    torch = types.ModuleType("torch")
    torch.cuda = types.SimpleNamespace(is_available=lambda: available)
    torch.version = types.SimpleNamespace(cuda=version)
    torch.__version__ = "2.9"
    return torch


@pytest.mark.parametrize(
    ("extension", "torch", "reason"),
    [
        (None, fake_torch(True, "13.0"), r"no CUDA extension .*`PYRNNSIM_CUDA=ON pip install \.`"),
        (types.ModuleType("_cuda"), None, "torch cannot be imported .*`pip install torch`"),
        (types.ModuleType("_cuda"), fake_torch(False, None), "torch 2.9 has no CUDA support"),
        (types.ModuleType("_cuda"), fake_torch(False, "13.0"), "no CUDA device; check the driver"),
    ],
)
def test_the_reason_says_what_is_missing(monkeypatch, extension, torch, reason):
    monkeypatch.setitem(sys.modules, "pyrnnsim._cuda", extension)
    monkeypatch.setitem(sys.modules, "torch", torch)
    with pytest.raises(ValueError, match=f"device='cuda' cannot be used: .*{reason}.* or use device='cpu'$"):
        parse(device="cuda")


def test_no_reason_where_all_is_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrnnsim._cuda", types.ModuleType("_cuda"))
    monkeypatch.setitem(sys.modules, "torch", fake_torch(True, "13.0"))
    assert cuda_unavailable_reason() is None
